import math
from functools import partial

import pytest
import torch

from sr_experiments.models import SRCNN
from sr_experiments.training.optimizers import make_optimizer
from sr_experiments.training.schedules import make_schedule
from tests.training.recipes import TORCH, adam, constant, cosine, multistep, sgd, step


def test_srcnns_layerwise_rates():
    network = SRCNN()
    optimizer = sgd(network, lr=1e-4, lr_factors={"conv3.*": 0.1, "*.bias": 0.1})
    rates = {id(p): g["lr"] for g in optimizer.param_groups for p in g["params"]}
    named = {name: rates[id(p)] for name, p in network.named_parameters()}
    assert named == pytest.approx(
        {
            "conv1.weight": 1e-4,
            "conv1.bias": 1e-5,
            "conv2.weight": 1e-4,
            "conv2.bias": 1e-5,
            "conv3.weight": 1e-5,
            "conv3.bias": 1e-5,
        }
    )


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop", "Adafactor"])
def test_makes_any_optimizer_with_all_parameters(kind: str) -> None:
    optimizer = make_optimizer(SRCNN(), f"torch.optim.{kind}", lr=0.01, weight_decay=0.5)
    assert type(optimizer) is getattr(torch.optim, kind)
    assert sum(len(g["params"]) for g in optimizer.param_groups) == 6
    assert all(g["weight_decay"] == 0.5 for g in optimizer.param_groups)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"kind": "torch.optim.SDG"}, r"^kind: cannot find a class 'torch.optim.SDG'"),
        ({"kind": "no_such_library.Lion"}, r"^kind: cannot find .*no_such_library"),
        ({"kind": "torch.optim.Adam", "momentum": 0.9}, r"^momentum: torch.optim.Adam does not"),
        ({"kind": "torch.optim.Adam", "betas": [2.0, 0.9]}, r"^kind: torch.optim.Adam: Invalid b"),
    ],
)
def test_names_what_a_class_does_not_take(options, line: str) -> None:
    with pytest.raises(ValueError, match=line):
        make_optimizer(SRCNN(), lr=0.1, **options)


@pytest.mark.parametrize("kind", ["torch.optim.SGD", f"{TORCH}.ReduceLROnPlateau"])
def test_refuses_what_is_no_schedule_of_positions(kind: str) -> None:
    with pytest.raises(ValueError, match=r"^kind: .*(is no schedule over|Adam|not iterable|SGD)"):
        make_schedule(optimizer(), lambda interval: 10, kind)


def test_any_schedule_continues_from_its_position() -> None:
    kinds = {
        "ExponentialLR": {"gamma": 0.9},
        "OneCycleLR": {"max_lr": 1.0, "length_option": "total_steps"},
        "CyclicLR": {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 3},
    }
    for kind, options in kinds.items():
        make = partial(make_schedule, kind=f"{TORCH}.{kind}", **options)
        one, other = (
            make(make_optimizer(SRCNN(), "torch.optim.SGD", lr=1.0, momentum=0.9), lambda i: 12)
            for _ in range(2)
        )
        one, other = one["scheduler"], other["scheduler"]
        advance(one, 7)
        other.optimizer.load_state_dict(one.optimizer.state_dict())
        other.load_state_dict(one.state_dict())
        for _ in range(10):  # also past the end
            for mine, its in zip(
                one.optimizer.param_groups, other.optimizer.param_groups, strict=True
            ):
                assert {**mine, "params": 0} == {**its, "params": 0}
            advance(one, 1)
            advance(other, 1)


def test_refuses_patterns_that_match_nothing_and_negative_rates():
    with pytest.raises(ValueError, match=r"conv9.*conv1\.weight"):
        sgd(SRCNN(), lr=0.1, lr_factors={"conv9.*": 0.1})
    with pytest.raises(ValueError, match="lr must"):
        adam(SRCNN(), lr=-1.0)


def rates(config, steps: int) -> list[float]:
    scheduler = config["scheduler"]
    seen = []
    for _ in range(steps):
        seen.append(scheduler.get_last_lr()[0])
        scheduler.optimizer.step()
        scheduler.step()
    return seen


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


def test_schedules():
    ten = lambda interval: 10  # noqa: E731
    assert rates(constant(optimizer(), ten), 3) == [1, 1, 1]
    assert rates(step(optimizer(), ten, step_size=2), 5) == pytest.approx([1, 1, 0.1, 0.1, 0.01])
    assert rates(multistep(optimizer(), ten, milestones=[3, 1], gamma=0.5), 4) == pytest.approx(
        [1, 0.5, 0.5, 0.25]
    )
    assert rates(cosine(optimizer(), ten, eta_min=0.2), 11) == pytest.approx(
        [0.2 + 0.4 * (1 + math.cos(math.pi * t / 10)) for t in range(11)]
    )


def cosine_of(length: int):
    return cosine(optimizer(), lambda interval: length)["scheduler"]


def advance(scheduler, steps: int) -> None:
    for _ in range(steps):
        scheduler.optimizer.step()
        scheduler.step()


@pytest.mark.parametrize("done", [4, 10, 14])
def test_a_continued_cosine_has_the_length_of_the_longer_run(done: int):
    """The rate never climbs after that, and ends where the longer run's does."""
    short, long, through = cosine_of(10), cosine_of(20), cosine_of(20)
    advance(short, done)
    advance(through, done)
    long.optimizer.load_state_dict(short.optimizer.state_dict())
    long.load_state_dict(short.state_dict())
    seen = []
    for _ in range(done, 20):
        rate = long.optimizer.param_groups[0]["lr"]
        assert rate == long.get_last_lr()[0] == through.get_last_lr()[0]
        seen.append(rate)
        advance(long, 1)
        advance(through, 1)
    assert seen == sorted(seen, reverse=True)
    assert long.get_last_lr()[0] == pytest.approx(0, abs=1e-12)
    advance(long, 5)
    assert long.get_last_lr()[0] == pytest.approx(0, abs=1e-12)


def test_a_continued_run_obeys_its_own_configuration():
    network = SRCNN()
    one = sgd(network, lr=0.1, momentum=0.9, lr_factors={"conv3.*": 0.1})
    other = sgd(network, lr=0.2, momentum=0.8, lr_factors={"conv3.*": 0.1})
    before = step(one, lambda i: 1, step_size=2)["scheduler"]
    after = multistep(other, lambda i: 1, milestones=[3], gamma=0.5)["scheduler"]
    advance(before, 3)
    other.load_state_dict(one.state_dict())
    after.load_state_dict(before.state_dict())
    assert [g["lr"] for g in other.param_groups] == pytest.approx([0.1, 0.01])
    assert {g["momentum"] for g in other.param_groups} == {0.8}


def test_the_lowest_rate_is_that_of_all_layers():
    layers = adam(SRCNN(), lr=1.0, lr_factors={"conv3.*": 0.1, "*.bias": 0.0})
    scheduler = cosine(layers, lambda interval: 10, eta_min=0.05)["scheduler"]
    advance(scheduler, 10)
    assert scheduler.get_last_lr() == pytest.approx([0.05, 0.0, 0.05])


def test_intervals():
    assert step(optimizer(), lambda i: 1, step_size=2, interval="step")["interval"] == "step"
    with pytest.raises(ValueError, match="interval"):
        step(optimizer(), lambda i: 1, step_size=2, interval="year")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="step_size"):
        step(optimizer(), lambda i: 1, step_size=0)

"""The fast ways of a training step against the plain one."""

import shutil
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from sr_experiments.errors import ConfigError
from sr_experiments.models import EDSR, VDSR, Network
from sr_experiments.training.bare_step import BareStep, alternate
from sr_experiments.training.clipping import ValueClipping
from sr_experiments.training.fast_path import FastPath, fast_forward
from sr_experiments.training.optimizers import make_optimizer, place_counts

#: Without a compiler torch.compile has nothing to compile with.
needs_compiler = pytest.mark.skipif(not shutil.which("g++"), reason="there is no C++ compiler")


def step(network: nn.Module, forward, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """The output and the gradients of a sum of squares."""
    network.zero_grad()
    out = forward(x)
    out.square().mean().backward()
    return out, {name: p.grad.clone() for name, p in network.named_parameters()}


@pytest.mark.parametrize(
    "fast",
    [
        {"channels_last": True},
        pytest.param({"compile": True}, marks=[needs_compiler, pytest.mark.slow]),
        pytest.param(
            {"compile": True, "channels_last": True}, marks=[needs_compiler, pytest.mark.slow]
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "make",
    [
        lambda: VDSR(depth=4, channels=8),
        lambda: EDSR(scales=(2,), channels=8, blocks=2),
        lambda: VDSR(depth=3, channels=8, conv="deconv"),
    ],
    ids=["vdsr", "edsr", "deconv"],
)
def test_a_fast_step_is_the_plain_one(make, fast: dict[str, bool]) -> None:
    torch.manual_seed(0)
    network = make().double()
    x = torch.rand(2, network.in_channels, 12, 14, dtype=torch.float64)
    state = {key: value.clone() for key, value in network.state_dict().items()}
    expected = step(network, network, x)
    network.load_state_dict(state)
    found = step(network, fast_forward(network, **fast), x)
    torch.testing.assert_close(found[0], expected[0], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(found[1], expected[1], rtol=1e-9, atol=1e-12)
    assert list(network.state_dict()) == list(state)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize(
    ("kind", "options"), [("SGD", {"momentum": 0.9}), ("Adam", {}), ("AdamW", {})]
)
def test_fused_steps_are_the_plain_ones(kind: str, options: dict, channels_last: bool) -> None:
    """Also where memory formats of weights and gradients differ: kernels run over raw memory."""
    torch.manual_seed(0)
    make = partial(make_optimizer, kind=f"torch.optim.{kind}", lr=1e-2, weight_decay=1e-3)
    network = EDSR(scales=(2,), channels=8, blocks=2)
    x, target = torch.rand(2, 3, 8, 10), torch.rand(2, 3, 16, 20)
    plain, fused = (
        BareStep(
            network,
            nn.functional.l1_loss,
            partial(make, fused=way, **options),
            FastPath(channels_last=channels_last and way),
            torch.device("cpu"),
            ValueClipping(0.01),
        )
        for way in (False, True)
    )
    for _ in range(5):
        torch.testing.assert_close(fused(x, target), plain(x, target), rtol=1e-4, atol=1e-6)
    weights = dict(fused.network.named_parameters())
    expected = dict(plain.network.named_parameters())
    torch.testing.assert_close(weights, expected, rtol=1e-3, atol=1e-4)


def test_bfloat16_keeps_float32_weights_and_points_the_same_way() -> None:
    """Gradients within 3 % of float32's in length and direction."""
    torch.manual_seed(0)
    network = VDSR(depth=6, channels=16)
    x, target = torch.rand(4, 1, 24, 24), torch.rand(4, 1, 24, 24)
    make, cpu = partial(make_optimizer, kind="torch.optim.SGD", lr=0.0), torch.device("cpu")
    losses, gradients = [], []
    for path in (FastPath(), FastPath("bf16-mixed")):
        step = BareStep(network, nn.functional.mse_loss, make, path, cpu)
        losses.append(step(x, target))
        parameters = list(step.network.parameters())
        assert {p.dtype for p in parameters} == {torch.float32}
        gradients.append(torch.cat([p.grad.flatten() for p in parameters]))
    torch.testing.assert_close(losses[1], losses[0], rtol=0.01, atol=0)
    assert (gradients[1] - gradients[0]).norm() < 0.03 * gradients[0].norm()


@pytest.mark.parametrize("fused", [False, True])
def test_counts_of_steps_lie_where_the_optimizer_looks(fused: bool) -> None:
    """As when a run without fused steps is continued with them on a GPU."""
    network = VDSR(depth=3, channels=4).to("meta")
    optimizer = make_optimizer(network, "torch.optim.Adam", lr=0.1)
    weight = next(network.parameters())
    optimizer.state[weight]["step"] = torch.tensor(7.0)
    optimizer.param_groups[0]["fused"] = fused
    place_counts(optimizer)
    assert optimizer.state[weight]["step"].device.type == ("meta" if fused else "cpu")


def test_ways_are_timed_in_turn() -> None:
    called = []
    ways = {name: partial(called.append, name) for name in "ab"}
    seconds = alternate(ways, torch.device("cpu"), rounds=2, warmup=1)
    assert called == list("ababab")
    assert {name: len(each) for name, each in seconds.items()} == {"a": 2, "b": 2}


def test_scoring_stays_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network itself is called as before, whatever its training has compiled."""
    monkeypatch.setattr(torch, "compile", lambda f, dynamic: lambda x: f(x) + 1)
    network = VDSR(depth=3, channels=4)
    x = torch.rand(1, 1, 8, 8)
    assert torch.equal(fast_forward(network, compile=True)(x), network(x) + 1)


def test_what_cannot_be_compiled_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_):
        raise torch._dynamo.exc.InternalTorchDynamoError("no such thing\n\nmany lines")

    monkeypatch.setattr(torch, "compile", lambda f, dynamic: failing)
    with pytest.raises(ConfigError, match=r"Network here \(no such thing\); device.compile=false"):
        fast_forward(Network(), compile=True)(torch.rand(1, 1, 8, 8))

"""How a run's fast path is chosen: by what is typed, by rule, by measurement."""

import json
from pathlib import Path

import pytest
import torch

from sr_experiments.cli import fast
from sr_experiments.cli.build import build_module, build_network, build_trainer
from sr_experiments.cli.devices import BatchPlan
from sr_experiments.cli.fast import choose_path, path_by_rule
from sr_experiments.runs.identity import differences
from sr_experiments.training.fast_path import FastPath, set_backends
from tests.cli.test_devices import configuration

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
SMALL = ("model.depth=3", "model.channels=4", "data.batch_size=2", "patches.size=12")


@pytest.fixture
def switches():
    """torch's own, put back at the end."""
    before = torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()
    benchmark = torch.backends.cudnn.benchmark
    yield
    torch.backends.cudnn.allow_tf32 = before[0]
    torch.set_float32_matmul_precision(before[1])
    torch.backends.cudnn.benchmark = benchmark


@pytest.mark.parametrize(
    ("typed", "device", "expected"),
    [
        ([], CPU, FastPath()),
        ([], CUDA, FastPath(fused=True)),
        (["device.precision=tf32"], CUDA, FastPath(tf32=True, fused=True)),
        (["device.precision=bf16"], CPU, FastPath("bf16-mixed")),
        (["device.precision=bf16"], CUDA, FastPath("bf16-mixed", False, True, False, True)),
        # Its gradients are unscaled within a fused step, after they were clipped.
        (["device.precision=16-mixed"], CUDA, FastPath("16-mixed", channels_last=True)),
        (["device.compile=true"], CPU, FastPath(compile=True)),
        (["device.fused=true"], CPU, FastPath(fused=True)),
        (["device.fused=true", "optim=muon"], CPU, FastPath()),
        (["device=reference"], CUDA, FastPath()),
    ],
)
def test_rules(tmp_path: Path, typed: list[str], device: torch.device, expected: FastPath) -> None:
    found = path_by_rule(configuration(tmp_path, *typed), device)
    assert (str(found), found) == (str(expected), FastPath(**vars(expected) | _word(found)))


def _word(path: FastPath) -> dict[str, object]:
    """32 and 32-true are the same to Lightning."""
    return {"precision": path.precision} if str(path.precision)[:2] == "32" else {}


@pytest.mark.parametrize("bf16", [False, True])
def test_auto_is_bfloat16_where_the_processor_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bf16: bool
) -> None:
    monkeypatch.setattr(fast, "processor_has_bf16", lambda: bf16)
    path = path_by_rule(configuration(tmp_path, "device.precision=auto"), CPU)
    assert path.autocast == (torch.bfloat16 if bf16 else None)


def test_what_is_auto_is_measured_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fast, "processor_has_bf16", lambda: True)
    monkeypatch.setattr(fast.shutil, "which", lambda _: None)
    tried = []

    def timed(ways, device, rounds, warmup):
        for way in ways.values():
            way()
        tried.append(list(ways))
        return {name: [0.5 if name == "bf16-mixed channels_last" else 1.0] for name in ways}

    monkeypatch.setattr(fast, "alternate", timed)
    typed = ("device=tuned", "device.accelerator=cpu", f"data.cache={tmp_path}", *SMALL)
    config = configuration(tmp_path, *typed)
    network = build_network(config)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    path = choose_path(config, network, BatchPlan(2))
    assert path == FastPath("bf16-mixed", channels_last=True)
    assert tried == [["32", "32 channels_last", "bf16-mixed", "bf16-mixed channels_last"]]
    assert torch.equal(torch.get_rng_state(), state)
    torch.testing.assert_close(network.state_dict(), before, rtol=0, atol=0)
    assert "a step takes 0.5 s, the plain one 1 s" in capsys.readouterr().out
    (file,) = (tmp_path / "fast_paths").glob("*.json")
    assert json.loads(file.read_text())["seconds"]["32"] == 1

    assert choose_path(config, network, BatchPlan(2)) == path
    assert len(tried) == 1
    assert "as measured before" in capsys.readouterr().out
    file.write_text("{")
    choose_path(config, network, BatchPlan(2))
    choose_path(config, network, BatchPlan(3))  # another batch is another subject
    assert len(tried) == 3


def test_what_is_typed_is_not_measured_away(tmp_path: Path) -> None:
    typed = ("device=cpu", "device.tune=true", "device.compile=false", f"data.cache={tmp_path}")
    config = configuration(tmp_path, *typed, *SMALL)
    path = choose_path(config, build_network(config), BatchPlan(2))
    assert (path.autocast, path.compile, path.fused) == (None, False, False)


def test_a_run_is_built_by_its_path(tmp_path: Path, switches: None) -> None:
    config = configuration(tmp_path, "device=cpu", *SMALL)
    network, path = build_network(config), FastPath("bf16-mixed", fused=True)
    module = build_module(config, network, {}, BatchPlan(2), path)
    assert module.make_optimizer(network).param_groups[0]["fused"]
    assert build_trainer(config, module, BatchPlan(2), path=path).precision == "bf16-mixed"


def test_tf32_is_used_where_it_was_asked_for(switches: None) -> None:
    for tf32, word in ((True, "high"), (False, "highest")):
        set_backends(FastPath(tf32=tf32), benchmark=tf32)
        assert torch.backends.cudnn.allow_tf32 == torch.backends.cudnn.benchmark == tf32
        assert torch.get_float32_matmul_precision() == word


def test_reference_switches_everything_off(tmp_path: Path, switches: None) -> None:
    config = configuration(tmp_path, "device=reference", "device.accelerator=cpu", *SMALL)
    path = path_by_rule(config, CPU)
    module = build_module(config, build_network(config), {}, BatchPlan(2), path)
    try:
        build_trainer(config, module, BatchPlan(2), path=path)
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.benchmark
    finally:
        torch.use_deterministic_algorithms(False)


def test_spellings_of_a_precision_are_one_run() -> None:
    def run(precision: object) -> dict[str, object]:
        return {"device": {"precision": precision}}

    assert not differences(run("32-true"), run(32))
    assert not differences(run("bf16"), run("bf16-mixed"))
    assert differences(run("32-true"), run("tf32"))

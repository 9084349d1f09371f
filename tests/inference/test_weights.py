"""Files of weights: containers and wrappers are seen through, misfits told in a line."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from sr_experiments.errors import CheckpointError
from sr_experiments.inference.weights import convert_keys, load_weights
from sr_experiments.models import EDSR, VDSR
from tests.inference.foreign import (
    basicsr_edsr,
    edsr_pytorch,
)


def test_own_weights_pass_unchanged() -> None:
    network = VDSR(depth=4, channels=4)
    converted = convert_keys(network.state_dict(), network)
    assert all(torch.equal(converted[k], v) for k, v in network.state_dict().items())


def wrappers(state: dict) -> dict[str, object]:
    def prefixed(prefix: str) -> dict:
        return {prefix + k: v for k, v in state.items()}

    return {
        "plain": state,
        "lightning": {
            "epoch": 3,
            "state_dict": {**prefixed("network."), "loss.vgg.weight": torch.ones(1)},
        },
        "basicsr": {"params": {"wrong": torch.ones(1)}, "params_ema": state},
        "model": {"model": prefixed("module.")},
        "compiled": prefixed("_orig_mod."),
        "lightning compiled": {"state_dict": prefixed("network._orig_mod.")},
        "averaged": {**prefixed("module."), "n_averaged": torch.tensor(1)},
    }


@pytest.mark.parametrize("kind", wrappers({}))
def test_containers_and_wrappers_are_seen_through(kind: str, tmp_path: Path) -> None:
    network = VDSR(depth=3, channels=4)
    state = network.state_dict()
    torch.save(wrappers(state)[kind], tmp_path / "weights.pth")
    found = load_weights(tmp_path / "weights.pth")
    assert found.keys() == state.keys()
    assert all(torch.equal(found[k], state[k]) for k in state)


def test_safetensors(tmp_path: Path) -> None:
    state = VDSR(depth=3, channels=4).state_dict()
    save_file(state, tmp_path / "weights.safetensors")
    found = load_weights(tmp_path / "weights.safetensors")
    assert all(torch.equal(found[k], state[k]) for k in state)


def test_a_part_may_keep_its_own_weights() -> None:
    x2, x3 = (EDSR((scale,), blocks=1, channels=4) for scale in (2, 3))
    with pytest.raises(CheckpointError, match=r"2 of another shape \(upsample\.0\.bias"):
        convert_keys(x2.state_dict(), x3)
    state = convert_keys(x2.state_dict(), x3, keep=["upsample."])
    assert torch.equal(state["head.weight"], x2.head.weight)
    assert state.keys() == x3.state_dict().keys() - {"upsample.0.weight", "upsample.0.bias"}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (VDSR(depth=4, channels=4, bias=False).state_dict(), r"4 missing \(body.0.bias, body.2"),
        (VDSR(depth=5, channels=4).state_dict(), r"2 unexpected \(body.8.bias, body.8.weight\)"),
        (VDSR(depth=4, channels=8).state_dict(), r"body.0.weight \[8, 1, 3, 3\] for \[4, 1, 3, 3"),
        (edsr_pytorch().state_dict(), "these EDSR-PyTorch weights do not fit VDSR"),
        (basicsr_edsr().state_dict(), "these BasicSR weights do not fit VDSR"),
    ],
)
def test_a_misfit_is_described_in_one_line(state: dict, message: str) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        convert_keys(state, VDSR(depth=4, channels=4))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


class Innocent:
    pass


@pytest.mark.parametrize("content", [Innocent(), {"model": Innocent()}, {"lr": 0.1}, {}, [1, 2]])
def test_what_holds_no_tensors_is_refused(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(CheckpointError, match=r"weights\.pth"):
        load_weights(tmp_path / "weights.pth")

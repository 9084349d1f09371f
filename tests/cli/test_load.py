"""``sr_experiments.load``; what it reads is tested with predict.py, whose reader it calls."""

from pathlib import Path

import pytest
import torch
from hydra.core.global_hydra import GlobalHydra

from sr_experiments.cli.load import load
from sr_experiments.errors import CheckpointError, ConfigError
from sr_experiments.models import VDSR
from tests.cli.conftest import TINY


def test_a_run_folder_is_loaded_with_its_network(command, images: list[str]) -> None:
    done = command("train", *images, "model=vdsr", *TINY)
    assert done.code == 0, done.err
    network = load(done.folder)
    assert isinstance(network, VDSR)
    assert not network.training
    stored = torch.load(done.folder / "checkpoints" / "last.ckpt", weights_only=True)
    weights = {k.removeprefix("network."): v for k, v in stored["state_dict"].items()}
    assert all(torch.equal(v, weights[k]) for k, v in network.state_dict().items())


def test_strange_names_of_files_are_no_grammar(tmp_path: Path) -> None:
    path = tmp_path / "a 'b' {c}=[d], e.pth"
    torch.save(VDSR(depth=3, channels=4).state_dict(), path)
    assert load(path, "model=vdsr", "model.depth=3", "model.channels=4").in_channels == 1


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nothing\.pth"):
        load(tmp_path / "nothing.pth")
    with pytest.raises(ConfigError, match="vdsq"):
        load("bicubic", "model=vdsq")


def test_a_running_hydra_goes_on(tmp_path: Path) -> None:
    GlobalHydra.instance().clear()
    load("bicubic")
    assert not GlobalHydra.instance().is_initialized()

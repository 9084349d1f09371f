"""What comes with the package: each file has a card, is named by its beginning, and restores."""

from pathlib import Path

import pytest
from safetensors import safe_open

from sr_experiments import pretrained
from sr_experiments.cli.load import load
from sr_experiments.errors import CheckpointError
from sr_experiments.evaluation.protocol import NAMED
from sr_experiments.imaging import imresize, load_image
from sr_experiments.inference import Upscaler
from sr_experiments.metrics import psnr


@pytest.mark.parametrize("name", pretrained.names())
def test_each_file_has_a_card_that_says_where_it_comes_from(name: str) -> None:
    card = (pretrained.FOLDER / f"{name}.md").read_text()
    for words in ("licence:", "command: `python train.py", "hours of training", "commit", "PSNR"):
        assert words in card
    with safe_open(pretrained.FOLDER / f"{name}.safetensors", "pt") as file:
        assert {"model", "protocol", "degradation", "scales"} <= file.metadata().keys()


def test_all_are_under_six_megabytes() -> None:
    assert sum(path.stat().st_size for path in pretrained.FOLDER.iterdir() if path.is_file()) < 6e6


def test_a_name_or_its_unique_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    for name in ("a_x2", "a_x3", "b_x2", "b"):
        (tmp_path / f"{name}.safetensors").touch()
    assert pretrained.pretrained_file("a_x3").name == "a_x3.safetensors"
    assert pretrained.pretrained_file("b").name == "b.safetensors"
    assert pretrained.pretrained_file("b_").name == "b_x2.safetensors"
    with pytest.raises(CheckpointError, match=r"several .*come: a_x2, a_x3, b, b_x2; else"):
        pretrained.pretrained_file("a")
    with pytest.raises(CheckpointError, match=r"^c: no such file; .*: a_x2, a_x3, b, b_x2; else"):
        pretrained.pretrained_file("c")


def test_what_lies_in_the_working_directory_wins(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vdsr").mkdir()
    with pytest.raises(CheckpointError, match="no whole checkpoint in this folder"):
        load("vdsr")


def test_vdsr_scores_what_its_card_says(shared_data: Path) -> None:
    protocol = NAMED["vdsr"]
    small, target = protocol.degrade(load_image(shared_data / "Set5" / "butterfly.png"), 2)
    large = (Upscaler(load("vdsr"))(small, 2), imresize(small, 2))
    reference = protocol.comparable(target, 2)
    network, bicubic = (psnr(protocol.comparable(x, 2), reference).item() for x in large)
    assert bicubic == pytest.approx(27.43, abs=0.01)  # as tables print it
    assert network > 32

"""Which picture belongs to which original."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sr_experiments.errors import ConfigError, ImageError
from sr_experiments.evaluation.matching import match_images


def folder(path: Path, *names: str) -> Path:
    path.mkdir()
    for name in names:
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(path / name)
    return path


@pytest.mark.parametrize(
    ("result", "original"),
    [
        ("baby.png", "baby.bmp"),
        ("baby_x2_SR.png", "baby_HR.png"),
        ("img_001_SRF_2_bicubic.png", "img_001_SRF_2_HR.png"),
        ("0801x4.png", "0801.png"),
        ("Baby-VDSR.png", "baby.gt.png"),
    ],
)
def test_names_belong_together(result: str, original: str, tmp_path: Path) -> None:
    images = folder(tmp_path / "a", result)
    reference = folder(tmp_path / "b", original, "zebra.png")
    pairs, lines = match_images(images, reference)
    assert pairs == [(images / result, reference / original)]
    assert lines == ["1 without a result: zebra.png"]


def test_the_longest_name_counts_and_numbers_are_not_cut(tmp_path: Path) -> None:
    images = folder(tmp_path / "a", "img_1_2.png", "img_1_x2.png", "img_12.png", "img_123.png")
    reference = folder(tmp_path / "b", "img_1.png", "img_1_2.png", "img_12.png")
    pairs, lines = match_images(images, reference)
    assert [(a.name, b.name) for a, b in pairs] == [
        ("img_12.png", "img_12.png"),
        ("img_1_2.png", "img_1_2.png"),
        ("img_1_x2.png", "img_1.png"),
    ]
    assert lines == ["1 without an original, not scored: img_123.png"]


def test_what_cannot_be_paired_is_refused(tmp_path: Path) -> None:
    images, reference = folder(tmp_path / "a", "a.png"), folder(tmp_path / "b", "b.png")
    with pytest.raises(ConfigError, match=r"none of the 1 in .*; a\.png would want a\.\* there"):
        match_images(images, reference)
    twins = folder(tmp_path / "c", "b_x2.png", "b_x3.png")
    with pytest.raises(ConfigError, match=r"b_x2\.png and b_x3\.png have the same original, b\."):
        match_images(twins, reference)
    with pytest.raises(ImageError, match="no such folder"):
        match_images(tmp_path / "none", reference)

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import TINY, Command
from tests.conftest import smooth_image


def spoil(folder: Path, kind: str) -> None:
    picture = Image.fromarray(smooth_image(64, 64))
    target = folder / "bad.png"
    if kind == "empty folder":
        for file in folder.iterdir():
            file.unlink()
    elif kind == "truncated":
        picture.save(target)
        target.write_bytes(target.read_bytes()[:200])
    elif kind == "16-bit":
        Image.fromarray(np.full((64, 64), 30000, np.uint16)).save(target)
    elif kind == "CMYK":
        picture.convert("CMYK").save(folder / "bad.jpg")
    elif kind == "1-pixel":
        picture.resize((1, 1)).save(target)
    elif kind == "smaller than a patch":
        picture.resize((20, 64)).save(target)
    elif kind == "alpha":
        picture.convert("RGBA").save(target)
    elif kind == "gray":
        picture.convert("L").save(target)


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("kind", ["empty folder", "truncated", "16-bit", "1-pixel"])
def test_unusable_images_end_with_one_line(
    command: Command, images: list[str], tmp_path: Path, kind: str, split: str
):
    spoil(tmp_path / "data" / split, kind)
    result = command("train", *images, *TINY, "log_images=0")
    assert result.code == 2
    errors = [line for line in result.err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert (split if kind == "empty folder" else "bad.") in result.err
    assert "Traceback" not in result.err


def test_images_below_the_patch_are_named(command: Command, images: list[str], tmp_path: Path):
    spoil(tmp_path / "data" / "train", "smaller than a patch")
    result = command("train", *images, *TINY)
    assert result.code == 2
    assert "bad.png" in result.err
    assert "patches.size" in result.err


@pytest.mark.parametrize("kind", ["alpha", "gray", "CMYK"])
def test_other_formats_are_converted(
    command: Command, images: list[str], tmp_path: Path, kind: str
):
    for split in ("train", "test"):
        spoil(tmp_path / "data" / split, kind)
    assert command("train", *images, *TINY).code == 0


def test_too_few_patches_for_a_batch(command: Command, images: list[str]):
    overrides = [
        *TINY,
        "data.steps_per_epoch=null",
        "patches.steps_per_epoch=null",
        "data.batch_size=5000",
    ]
    result = command("train", *images, *overrides)
    assert result.code == 2
    assert "batch_size" in result.err

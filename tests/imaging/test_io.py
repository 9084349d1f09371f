from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sr_experiments.errors import ImageError
from sr_experiments.imaging import list_images, load_image, save_image

RGB = np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.uint8)


def test_colour_and_gray_files(tmp_path: Path):
    Image.fromarray(RGB).save(tmp_path / "rgb.png")
    Image.fromarray(RGB[..., 0]).save(tmp_path / "gray.png")
    colour, gray = load_image(tmp_path / "rgb.png"), load_image(tmp_path / "gray.png")
    assert torch.equal(colour, torch.from_numpy(RGB).permute(2, 0, 1))
    assert torch.equal(gray, torch.from_numpy(RGB[None, ..., 0]))


def test_alpha_is_dropped_and_palettes_are_expanded(tmp_path: Path):
    alpha = np.concatenate([RGB, np.full((5, 6, 1), 9, np.uint8)], axis=-1)
    Image.fromarray(alpha).save(tmp_path / "rgba.png")
    Image.fromarray(RGB).convert("LA").save(tmp_path / "la.png")
    Image.fromarray(RGB).quantize(8).save(tmp_path / "palette.png")
    Image.fromarray(RGB).convert("1").save(tmp_path / "bits.png")
    assert torch.equal(load_image(tmp_path / "rgba.png"), torch.from_numpy(RGB).permute(2, 0, 1))
    assert load_image(tmp_path / "la.png").shape == (1, 5, 6)
    assert load_image(tmp_path / "palette.png").shape == (3, 5, 6)
    assert set(load_image(tmp_path / "bits.png").unique().tolist()) <= {0, 255}


def test_unusable_files_are_named(tmp_path: Path):
    Image.fromarray(RGB).convert("CMYK").save(tmp_path / "cmyk.jpg")
    Image.fromarray(RGB[..., 0].astype(np.uint16) * 257).save(tmp_path / "deep.png")
    Image.fromarray(RGB).save(tmp_path / "whole.png")
    whole = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.png").touch()
    for name in ("cmyk.jpg", "deep.png", "cut.png", "text.png", "empty.png", "missing.png"):
        with pytest.raises(ImageError, match=name):
            load_image(tmp_path / name)


def test_list_images(tmp_path: Path):
    for name in ("b.png", "a.JPG", "notes.txt"):
        (tmp_path / name).touch()
    assert [p.name for p in list_images(tmp_path)] == ["a.JPG", "b.png"]
    (tmp_path / "none").mkdir()
    for folder in ("none", "nowhere"):
        with pytest.raises(ImageError, match=folder):
            list_images(tmp_path / folder)


@pytest.mark.parametrize("channels", [1, 3])
def test_save_and_load_again(tmp_path: Path, channels: int):
    image = torch.randint(256, (channels, 5, 7), dtype=torch.uint8)
    save_image(image, tmp_path / "new" / "image.png")
    assert torch.equal(load_image(tmp_path / "new" / "image.png"), image)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["image.png"]

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from sr_experiments.errors import ImageError, OutOfMemoryError
from sr_experiments.imaging import list_images, load_image, save_image
from tests.conftest import smooth_image


def _tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)


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
    Image.fromarray(RGB[..., 0].astype(np.uint16) * 257).save(tmp_path / "deep.png")
    Image.fromarray(RGB).save(tmp_path / "whole.png")
    whole = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.png").touch()
    for name in ("deep.png", "cut.png", "text.png", "empty.png", "missing.png"):
        with pytest.raises(ImageError, match=name):
            load_image(tmp_path / name)


def test_photographs_for_print_are_converted(tmp_path: Path):
    smooth = Image.fromarray(smooth_image(40, 50))
    smooth.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    difference = load_image(tmp_path / "cmyk.jpg").int() - _tensor(np.array(smooth)).int()
    assert difference.abs().float().mean() < 3


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned_as_their_camera_says(tmp_path: Path, ending: str, orientation: int):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(RGB).save(tmp_path / f"turned.{ending}", exif=exif)
    upright = RGB[:, ::-1] if orientation in (2, 4, 5, 7) else RGB
    turns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    expected = _tensor(np.rot90(upright, turns).copy())
    assert torch.equal(load_image(tmp_path / f"turned.{ending}"), expected)


def test_more_than_eight_bits_are_never_cut_off_silently(tmp_path: Path):
    (tmp_path / "deep.ppm").write_bytes(b"P6 2 1 65535\n" + bytes(range(12)))
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)),)
    chunks += ((b"IDAT", zlib.compress(bytes(7))), (b"IEND", b""))
    (tmp_path / "deep.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
    )
    for name in ("deep.ppm", "deep.png"):
        with pytest.raises(ImageError, match=f"{name}: has more than 8 bits per channel; expected"):
            load_image(tmp_path / name)


@pytest.mark.parametrize("kind", ["eps", "gif"])
def test_only_formats_on_offer_are_opened(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
):
    def started(*_: object, **__: object) -> None:
        raise AssertionError("Ghostscript was started")

    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", started)
    Image.fromarray(RGB).save(tmp_path / f"a.{kind}")
    (tmp_path / f"a.{kind}").rename(tmp_path / "a.png")
    with pytest.raises(ImageError, match=r"a\.png: broken or not an image in one of the formats"):
        load_image(tmp_path / "a.png")


def test_decompression_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    Image.fromarray(RGB).save(tmp_path / "a.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Pillow warns in words of its own
        monkeypatch.setenv("SR_MAX_PIXELS", "20")
        with pytest.raises(ImageError, match=r"6 x 5 = 30 pixels; at most 20 .* SR_MAX_PIXELS="):
            load_image(tmp_path / "a.png")
        monkeypatch.setenv("SR_MAX_PIXELS", "10")
        with pytest.raises(ImageError, match=r"6 x 5 = 30 pixels; at most 10 .* SR_MAX_PIXELS="):
            load_image(tmp_path / "a.png")
    monkeypatch.setenv("SR_MAX_PIXELS", "30")
    load_image(tmp_path / "a.png")
    monkeypatch.setenv("SR_MAX_PIXELS", "many")
    with pytest.raises(ImageError, match="SR_MAX_PIXELS: expected a number of pixels"):
        load_image(tmp_path / "a.png")


def test_what_does_not_fit_into_memory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise MemoryError

    Image.fromarray(RGB).save(tmp_path / "a.png")
    monkeypatch.setattr("sr_experiments.imaging.io.np.array", full)
    with pytest.raises(OutOfMemoryError, match=r"a\.png: does not fit into memory"):
        load_image(tmp_path / "a.png")


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

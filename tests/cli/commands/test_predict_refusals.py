"""What predict.py cannot do is one clear line each; the rest is done, and nothing half-written."""

import errno
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sr_experiments.models import EDSR, VDSR
from tests.cli.conftest import Command
from tests.conftest import smooth_image

RGB = Image.fromarray(smooth_image(20, 24))
PHOTO = b"\x89PNG\r\n\x1a\n"


def cut(path: Path, kind: str) -> None:
    RGB.save(path, kind)
    path.write_bytes(path.read_bytes()[:-300])


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width: int, height: int, bits: int = 8) -> bytes:
    ihdr = struct.pack(">2I5B", width, height, bits, 2, 0, 0, 0)
    return (
        PHOTO
        + chunk(b"IHDR", ihdr)
        + chunk(b"IDAT", zlib.compress(b"\0" * 9))
        + chunk(b"IEND", b"")
    )


def frames(path: Path, kind: str) -> None:
    RGB.save(path, kind, save_all=True, append_images=[RGB.rotate(90), RGB.rotate(180)])


def tiff(dtype: type) -> Callable[[Path], None]:
    return lambda path: Image.fromarray(np.ones((9, 8), dtype)).save(path)


BROKEN: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "empty": ("x.png", lambda p: p.write_bytes(b""), "is empty"),
    "text": ("x.png", lambda p: p.write_text("no image"), "broken or not an image"),
    "gif": ("x.png", lambda p: frames(p, "GIF"), "not an image; the formats are"),
    "cut_jpeg": ("x.jpg", lambda p: cut(p, "JPEG"), "broken or not an image"),
    "cut_png": ("x.png", lambda p: cut(p, "PNG"), "broken or not an image"),
    "cut_tiff": ("x.tif", lambda p: cut(p, "TIFF"), "broken or not an image"),
    "cut_deep_png": ("x.png", lambda p: p.write_bytes(header(4, 4, 16)), "broken or not an image"),
    "bomb": ("x.png", lambda p: p.write_bytes(header(60_000, 60_000)), "SR_MAX_PIXELS="),
    "moving_webp": ("x.webp", lambda p: frames(p, "WEBP"), "has 3 frames or pages"),
    "moving_png": ("x.png", lambda p: frames(p, "PNG"), "has 3 frames or pages"),
    "pages": ("x.tif", lambda p: frames(p, "TIFF"), "has 3 frames or pages"),
    "floats": ("x.tif", tiff(np.float32), "has pixel format F"),
    "32_bits": ("x.tif", tiff(np.int32), "has pixel format I"),
    "deep_ppm": ("x.ppm", lambda p: p.write_bytes(b"P6 2 1 65535\n" + bytes(12)), "16 bits"),
    "link": ("x.png", lambda p: p.symlink_to("nowhere"), "no such image file"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named_and_the_rest_is_done(command: Command, tmp_path: Path, name: str):
    (tmp_path / "in").mkdir()
    file, make, words = BROKEN[name]
    make(tmp_path / "in" / file)
    RGB.save(tmp_path / "in" / "a.png")
    RGB.save(tmp_path / "in" / "z.png")
    out = tmp_path / "out"
    result = command(
        "predict", "weights=bicubic", f"input={tmp_path / 'in'}", f"output={out}", "scale=2"
    )
    assert result.code == 1
    first, second, *rest = result.err.splitlines()
    assert not rest
    assert first == "error: 1 of 3 failed:"
    assert second.startswith(f"error: {tmp_path / 'in' / file}: ")
    assert words in second
    assert sorted(p.name for p in out.iterdir()) == ["a.png", "z.png"]


def x2() -> EDSR:
    return EDSR((2,), blocks=1, channels=4)


REFUSED: dict[str, tuple[list[str], str]] = {
    "no_input": (["input=nowhere.png"], "input=nowhere.png: no such file or folder"),
    "no_images": (["input=empty"], "input=empty: holds no image; expected files ending in .bmp"),
    "no_match": (["input=in/*.webp"], "input=in/*.webp: no image has such a name"),
    "itself": (["output=in/a.png", "overwrite=true"], "would replace the photograph in/a.png"),
    "a_file_for_many": (["input=in"], "output=out.png: is a file, but there may be many"),
    "file_as_folder": (["output=in/a.png/b.png"], "in/a.png is a file, no folder"),
    "gif_output": (["output=out.bmp"], "output=out.bmp: is not written; the endings are .jpeg"),
    "format": (["output=out", "format=gif"], "format: expected png, jpg, tif or webp, got 'gif'"),
    "no_weights": (["weights=none.pth"], "none.pth: no such file"),
    "text_weights": (["weights=text.pth"], "text.pth: is text, no weights"),
    "other_network": (["weights=vdsr.pth"], "do not fit VDSR"),
    "unnamed": (["weights=edsr.pth"], "plain weights want their network named, as model=edsr"),
    "other_scale": (
        ["weights=edsr.pth", "model=edsr", "model.blocks=1", "model.channels=4", "scale=3"],
        "these weights of EDSR enlarge x2, not x3; give scale=2, or weights for x3",
    ),
    "no_scale": (["scale=null"], "scale: needs a value; give it as scale=2"),
    "smaller": (["scale=0.5"], "scale: must be from 1 to 64, got 0.5"),
    "words_as_memory": (["memory=much"], "memory: expected an amount as 2GB or 800MB, got 'much'"),
    "no_memory": (["memory=1KB"], "memory: too little for a part of this image of 24 x 20"),
    "webp_sides": (
        ["input=wide.png", "output=out.webp"],
        "WEBP holds at most 16,383 pixels a side",
    ),
    "no_output": (["output=null"], "output: expected text, got None"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_mistakes_are_one_line(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.chdir(tmp_path)
    for folder in ("in", "empty"):
        (tmp_path / folder).mkdir()
    RGB.save("in/a.png")
    Image.new("L", (9_000, 1)).save("wide.png")
    Path("text.pth").write_text("no weights")
    torch.save(x2().state_dict(), "edsr.pth")
    torch.save(VDSR(depth=3, channels=4).state_dict(), "vdsr.pth")
    typed, words = REFUSED[name]
    default = {"weights": "bicubic", "input": "in/a.png", "output": "out.png", "scale": "2"}
    default |= dict(override.split("=", 1) for override in typed)
    result = command("predict", *(f"{key}={value}" for key, value in default.items()))
    assert result.code in (1, 2)
    assert len(result.err.splitlines()) == 1, result.err
    assert words in result.err
    assert not list(tmp_path.glob("*out*"))
    assert [p.name for p in Path("in").iterdir()] == ["a.png"]


def test_a_full_disk_ends_it_with_one_line(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        RGB.save(tmp_path / "in" / name)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("sr_experiments.files.os.fsync", full)
    out = tmp_path / "out"
    result = command(
        "predict", "weights=bicubic", f"input={tmp_path / 'in'}", f"output={out}", "scale=2"
    )
    assert result.code == 2
    assert result.err.startswith(f"error: {out}/a.png: cannot be written (No space left on device)")
    assert "choose another folder with output=..." in result.err
    assert len(result.err.splitlines()) == 1
    assert not list(out.iterdir())


def test_unknown_weights_name_those_that_are_shipped(command: Command) -> None:
    result = command("predict", "weights=vdsq", "input=a.png", "output=b.png")
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert "vdsq: no such file; with the package come: vdsr10_x2" in result.err

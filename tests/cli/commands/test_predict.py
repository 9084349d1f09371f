"""predict.py: what is kept of photographs, where results go, and that they score as evaluated."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import ExifTags, Image, ImageCms
from torchvision.io import ImageReadMode, decode_png

from sr_experiments.evaluation.protocol import NAMED
from sr_experiments.imaging import imresize, load_image, quantise, save_image
from sr_experiments.imaging.png import PngWriter
from sr_experiments.inference import Upscaler
from sr_experiments.metrics import psnr
from sr_experiments.models import EDSR, RCAN, VDSR
from tests.cli.conftest import Command
from tests.conftest import smooth_image

VDSR_SIZE = ("model=vdsr", "model.depth=3", "model.channels=4")
SIZE = (24, 30)


def photo(mode: str, path: Path, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(smooth_image(*SIZE))
    if mode in ("LA", "RGBA"):
        alpha = Image.fromarray(np.full(SIZE, 200, np.uint8))
        image = image.convert(mode[:-1])
        image.putalpha(alpha)
    elif mode == "P":
        image = image.quantize(16)
    elif mode == "I;16":
        image = Image.fromarray(smooth_image(*SIZE)[..., 0].astype(np.uint16) * 257 + 3)
    elif mode != "RGB":
        image = image.convert(mode)
    image.save(path, **options)
    return path


def weights(network: torch.nn.Module, path: Path) -> str:
    torch.save(network.state_dict(), path)
    return f"weights={path}"


@pytest.mark.parametrize(
    ("mode", "source", "target", "expected"),
    [
        ("RGB", "a.jpg", "b.png", "RGB"),
        ("L", "a.jpg", "b.png", "L"),
        ("1", "a.png", "b.tif", "L"),
        ("RGBA", "a.png", "b.png", "RGBA"),
        ("LA", "a.png", "b.png", "LA"),
        ("RGBA", "a.tif", "b.webp", "RGBA"),
        ("RGBA", "a.png", "b.tif", "RGBA"),
        ("RGBA", "a.png", "b.jpg", "RGB"),
        ("P", "a.png", "b.webp", "RGB"),
        ("CMYK", "a.jpg", "b.png", "RGB"),
        ("I;16", "a.png", "b.png", "I;16"),
        ("I;16", "a.tif", "b.tif", "I;16"),
        ("I;16", "a.png", "b.jpg", "L"),
    ],
)
def test_formats(
    command: Command, tmp_path: Path, mode: str, source: str, target: str, expected: str
):
    photo(mode, tmp_path / source)
    given = f"input={tmp_path / source}", f"output={tmp_path / target}"
    result = command("predict", "weights=bicubic", *given, "scale=2")
    assert (result.code, result.err) == (0, "")
    with Image.open(tmp_path / target) as image:
        assert image.size == (60, 48)
        assert image.mode == expected
        small = Image.open(tmp_path / source).convert("RGB" if "16" not in mode else "I;16")
        ours = np.array(image.convert("RGB") if "16" not in expected else image, float)
        if mode[-1] == "A":
            assert abs(np.array(image)[..., -1].astype(int) - 200).max() <= 1 or target == "b.jpg"
    if ("16" in mode) == ("16" in expected):
        theirs = np.array(small.resize((60, 48)), float)
        assert abs(ours - theirs).mean() < (2000 if "16" in mode else 8)
    assert ("no transparency" in result.out) == (mode == "RGBA" and target == "b.jpg")
    assert ("8 of 16 bits" in result.out) == (mode == "I;16" and target == "b.jpg")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_are_kept(command: Command, tmp_path: Path, channels: int, ending: str):
    """Bits that eight would lose come back, as scale 1 without a network changes nothing."""
    pixels = np.random.default_rng(0).integers(0, 65536, (9, 7, channels), dtype=np.uint16)
    source, target = tmp_path / f"a.{ending}", tmp_path / "b.tif"
    if ending == "png":
        write_png(source, torch.from_numpy(pixels).permute(2, 0, 1))
    else:
        kind = "rgb" if channels > 2 else "minisblack"
        extra = ["unassalpha"] if channels in (2, 4) else None
        plane = "contig" if channels > 1 else None
        tifffile.imwrite(
            source, pixels.squeeze(), photometric=kind, extrasamples=extra, planarconfig=plane
        )
    given = f"input={source}", f"output={target}"
    result = command("predict", "weights=bicubic", *given, "scale=1")
    if (channels, ending) == (2, "tif"):  # which Pillow does not know
        assert "a.tif: broken or not an image" in result.err
        return
    assert result.code == 0, result.err
    assert np.array_equal(tifffile.imread(target).reshape(pixels.shape), pixels)


def write_png(path: Path, pixels: torch.Tensor, *cuts: int) -> None:
    """In the parts between some rows."""
    with path.open("wb") as file:
        writer = PngWriter(file, tuple(pixels.shape[1:]), len(pixels), 8 * pixels.itemsize)
        for start, end in pairwise((0, *cuts, pixels.shape[1])):
            writer.write(pixels[:, start:end])
        writer.close()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [8, 16])
def test_png_is_read_by_others(tmp_path: Path, channels: int, bits: int):
    pixels = torch.arange(channels * 150 * 11).reshape(channels, 150, 11) * 79 % (1 << bits)
    stored = pixels.byte() if bits == 8 else pixels.int().to(torch.uint16)
    write_png(tmp_path / "a.png", stored, 1, 90)
    data = torch.frombuffer(bytearray((tmp_path / "a.png").read_bytes()), dtype=torch.uint8)
    assert torch.equal(decode_png(data, ImageReadMode.UNCHANGED).long(), pixels)


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
def test_exif_and_profile_are_kept_and_photographs_stand_upright(
    command: Command, tmp_path: Path, ending: str
):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "Camera"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] = 200
    photo("RGB", tmp_path / "a.jpg", exif=exif, icc_profile=profile)
    target = tmp_path / f"b.{ending}"
    given = f"input={tmp_path / 'a.jpg'}", f"output={target}"
    assert command("predict", "weights=bicubic", *given, "scale=2").code == 0
    with Image.open(target) as image:
        assert image.size == (48, 60)
        assert image.info["icc_profile"] == profile
        kept = image.getexif()
        assert kept[ExifTags.Base.Make] == "Camera"
        assert kept.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] == 200
        assert kept.get(ExifTags.Base.Orientation, 1) == 1


@pytest.mark.parametrize("name", ["vdsr", "edsr"])
def test_results_score_as_evaluated(command: Command, tmp_path: Path, name: str):
    """Protocol rgb8 reads and writes 8-bit RGB files, which is what this command does."""
    torch.manual_seed(1)
    network = (VDSR(depth=3, channels=4) if name == "vdsr" else EDSR((2,), 1, 4)).eval()
    size = VDSR_SIZE if name == "vdsr" else ("model=edsr", "model.blocks=1", "model.channels=4")
    original, protocol = torch.from_numpy(smooth_image(48, 60)).permute(2, 0, 1), NAMED["rgb8"]
    small, target = protocol.degrade(original, 2)
    save_image(small[0].byte(), tmp_path / "small.png")
    given = f"input={tmp_path / 'small.png'}", f"output={tmp_path / 'large.png'}", "scale=2"
    result = command("predict", weights(network, tmp_path / "w.pth"), *size, *given)
    assert result.code == 0, result.err
    expected = Upscaler(network)(small, 2)
    large = load_image(tmp_path / "large.png")
    assert torch.equal(large, quantise(expected)[0].byte())
    scores = [
        psnr(*(protocol.comparable(x, 2) for x in (made, target)))
        for made in (expected, large[None].double())
    ]
    assert float(scores[0]) == pytest.approx(float(scores[1]), abs=1e-9)


def test_a_small_budget_gives_the_same_picture_in_tiles(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    Image.fromarray(smooth_image(300, 280)).save(tmp_path / "a.png")
    file = weights(VDSR(depth=3, channels=4), tmp_path / "w.pth")
    run = ("predict", file, *VDSR_SIZE, f"input={tmp_path / 'a.png'}", "scale=1.5")
    whole = command(*run, f"output={tmp_path / 'whole.png'}")
    monkeypatch.setattr("sr_experiments.inference.tiled.used_memory", lambda _: 0)
    tiles = command(*run, f"output={tmp_path / 'tiles.png'}", "memory=20MB")
    assert (whole.code, tiles.code) == (0, 0), tiles.err
    assert "note: VDSR is made for the scales 2, 3, 4; x1.5 is new to it" in tiles.out
    assert " tiles)" not in whole.out
    assert " tiles)" in tiles.out
    a, b = (load_image(tmp_path / f"{name}.png").int() for name in ("whole", "tiles"))
    assert (a - b).abs().max() <= 1
    assert a.shape == (3, 450, 420)


def test_networks_that_average_say_so(command: Command, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("sr_experiments.inference.tiled._PASSES", 1)
    monkeypatch.setattr("sr_experiments.inference.tiled.TiledUpscaler._pixels", lambda *_: 2500)
    Image.fromarray(smooth_image(60, 80)).save(tmp_path / "a.png")
    file = weights(RCAN((2,), 1, 2, 8, 1), tmp_path / "w.pth")
    size = (
        "model=rcan",
        "model.groups=1",
        "model.blocks=2",
        "model.channels=8",
        "model.reduction=1",
    )
    given = f"input={tmp_path / 'a.png'}", f"output={tmp_path / 'b.png'}"
    result = command("predict", file, "model=rcan", *size, *given)
    assert "RCAN averages over the whole image, and in tiles its averages are" in result.out
    assert result.code == 0


def test_the_tree_is_kept_and_what_exists_is_skipped(command: Command, tmp_path: Path):
    for name in ("a.png", "b/c d.jpg", "b/e/-f\ng.png", "b/e/same.jpg", "b/e/same.png"):
        photo("RGB", tmp_path / "in" / name)
    run = ("predict", "weights=bicubic", f"input={tmp_path / 'in'}", "scale=2")
    out = tmp_path / "in" / "out"
    first = command(*run, f"output={out}", "ensemble=true")
    assert first.code == 0, first.err
    made = sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file())
    assert made == sorted(
        ["a.png", "b/c d.png", "b/e/-f\ng.png", "b/e/same.jpg.png", "b/e/same.png.png"]
    )
    (out / "a.png").unlink()
    (out / "b" / "c d.png").write_text("mine")
    second = command(*run, f"output={out}")
    assert "4 exist already and are skipped; overwrite=true" in second.out
    assert load_image(out / "a.png").shape == (3, 48, 60)
    assert (out / "b" / "c d.png").read_text() == "mine"
    command(*run, f"output={out}", "overwrite=true")
    assert load_image(out / "b" / "c d.png").shape == (3, 48, 60)


@pytest.mark.parametrize(
    "name",
    ["a b.png", "-a.png", "a\nb.png", "a,b.png", "a=b.png", "[a].png", 'a"${b}.png', "ä{.png"],
)
def test_any_name(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.chdir(tmp_path)
    photo("RGB", tmp_path / name)
    result = command("predict", "weights=bicubic", f"input={name}", f"output=out/{name}", "scale=2")
    assert (result.code, result.err) == (0, "")
    assert load_image(tmp_path / "out" / name).shape == (3, 48, 60)


def test_patterns(command: Command, tmp_path: Path):
    for name in ("a/1.png", "a/b/2.png", "a/b/3.jpg"):
        photo("RGB", tmp_path / "in" / name)
    run = ("predict", "weights=bicubic", f"output={tmp_path / 'out'}", "scale=1", "format=jpg")
    assert command(*run, f"input={tmp_path}/in/**/*.png").code == 0
    made = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.*"))
    assert made == ["a/1.jpg", "a/b/2.jpg"]


@pytest.mark.parametrize("size", [(1, 1), (1, 65_000), (65_000, 1)])
def test_odd_sizes(command: Command, tmp_path: Path, size: tuple[int, int]):
    Image.new("RGB", size[::-1], (10, 200, 30)).save(tmp_path / "a.png")
    file = weights(VDSR(depth=3, channels=4), tmp_path / "w.pth")
    given = f"input={tmp_path / 'a.png'}", f"output={tmp_path / 'b.png'}", "scale=2"
    result = command("predict", file, *VDSR_SIZE, *given)
    assert result.code == 0, result.err
    assert load_image(tmp_path / "b.png").shape == (3, 2 * size[0], 2 * size[1])


def test_interpolation_is_that_of_matlab(command: Command, tmp_path: Path):
    path = photo("RGB", tmp_path / "a.png")
    given = f"input={path}", f"output={tmp_path / 'b.png'}", "scale=2.5"
    command("predict", "weights=bicubic", *given)
    expected = quantise(imresize(load_image(path)[None].double(), 2.5))
    assert torch.equal(load_image(tmp_path / "b.png"), expected[0].byte())

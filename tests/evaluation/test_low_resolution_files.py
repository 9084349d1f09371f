"""Low-resolution files that exist are scored instead of made ones."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sr_experiments.data import RandomPatches, RestorationDataModule
from sr_experiments.errors import ImageError
from sr_experiments.evaluation import NAMED, BenchmarkScore
from sr_experiments.evaluation.table import print_table
from sr_experiments.imaging import (
    Degradation,
    list_images,
    load_image,
    luma,
    round_half_up,
    save_image,
)
from sr_experiments.models import EDSR, VDSR

MakeImages = Callable[..., Path]


def data(folder: Path, **changes) -> RestorationDataModule:
    arguments = {
        "root": str(folder),
        "train": [],
        "val": {},
        "test": {"one": ["one"], "two": ["two"]},
        "patches": RandomPatches(12, 4, 4),
        "channels": 1,
        "scales": [2, 3],
        "interpolated": True,
        "cache": str(folder / "cache"),
        "low_resolution": {2: ["low"]},
        **changes,
    }
    return RestorationDataModule(**arguments)


@pytest.fixture
def folder(make_images: MakeImages) -> Path:
    """Two sets, of which the first has low-resolution files: every other pixel, not bicubic."""
    root = make_images("one", 2, 49, 50).parent
    for path in list_images(root / "one"):
        save_image(load_image(path)[:, :48:2, ::2], root / "low" / f"{path.stem}x2.png")
    for path in list_images(make_images("other", 2, 48, 50)):
        path.rename(path.with_name(f"z{path.name}"))
    (root / "other").rename(root / "two")
    return root


def scores(made: RestorationDataModule, protocol, network) -> BenchmarkScore:
    score = BenchmarkScore(protocol, ["one", "two"], [2, 3])
    for item in made.test_dataloader():
        if item["scale"] in network.scales:
            score.update(network, item)
    return score


def test_files_are_what_a_network_enlarges(folder: Path, capsys: pytest.CaptureFixture[str]):
    network = VDSR(depth=2, channels=2)
    score = scores(data(folder), NAMED["vdsr"], network)
    rows = score.compute()
    assert [row.low_resolution for row in rows] == ["files", "made", "made", "made"]
    made = scores(data(folder, low_resolution=None), NAMED["vdsr"], network).compute()
    assert [row.psnr == other.psnr for row, other in zip(rows, made, strict=True)] == [
        False,
        True,
        True,
        True,
    ]
    decimated = replace(NAMED["vdsr"], degradation=Degradation(resize="decimate"))
    expected = scores(data(folder, low_resolution=None), decimated, network).compute()[0]
    # Here luma is rounded after decimation, there before: the same.
    assert rows[0].psnr == pytest.approx(expected.psnr, abs=1e-9)
    assert rows[0].bicubic_psnr == pytest.approx(expected.bicubic_psnr, abs=1e-9)
    print_table(rows, NAMED["vdsr"], "VDSR")
    assert "LR of one x2: the files of data.low_resolution\n" in capsys.readouterr().out


def test_files_have_the_channels_of_the_target(folder: Path):
    given = load_image(folder / "low" / "0x2.png")
    image = load_image(folder / "one" / "0.png")
    small, target = NAMED["rgb"].degrade(image, 2, "", given)
    assert torch.equal(small[0], given.double())
    assert target.shape[-2:] == (48, 50)
    small, _ = NAMED["vdsr"].degrade(image, 2, "", given)
    assert torch.equal(small[0], round_half_up(luma(given.double())))
    small, _ = NAMED["rgb"].degrade(image, 2, "", given[:1])
    assert torch.equal(small[0], given[:1].double().expand(3, -1, -1))
    noisy = replace(NAMED["rgb"], degradation=Degradation(sigma=5, blur=2, resize="decimate"))
    small, _ = noisy.degrade(image, 2, "", given)
    assert (small[0] - given.double()).std().item() == pytest.approx(5, rel=0.2)
    scores(data(folder, channels=3, interpolated=False, scales=[2]), NAMED["rgb"], EDSR((2,), 1, 4))


def test_a_set_has_a_file_for_all_images_or_for_none(folder: Path):
    extra = folder / "one" / "extra.png"
    save_image(load_image(folder / "one" / "0.png"), extra)
    with pytest.raises(ImageError, match=r"no low-resolution image for .*extra\.png"):
        data(folder).test_dataloader()
    extra.unlink()
    save_image(load_image(folder / "one" / "0.png"), folder / "low" / "0x2.png")
    with pytest.raises(ImageError, match=r"0x2\.png is 50 x 49, not 25 x 24"):
        data(folder).test_dataloader()

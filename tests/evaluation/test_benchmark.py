import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import L1Loss

from sr_experiments.errors import ImageError, OutOfMemoryError
from sr_experiments.evaluation import NAMED, BenchmarkScore, Protocol
from sr_experiments.evaluation.comparison import (
    Scored,
    comparison_lines,
    print_comparison,
    write_comparison,
)
from sr_experiments.evaluation.panel import cut_tiles, draw_panel, save_tiles
from sr_experiments.evaluation.table import (
    print_table,
    write_images,
    write_table,
)
from sr_experiments.imaging import Degradation
from sr_experiments.imaging.io import load_image
from sr_experiments.inference import Upscaler, upscaler
from sr_experiments.metrics import ImageMetric, psnr
from sr_experiments.models import EDSR, VDSR
from tests.conftest import smooth_image

PROTOCOL = Protocol("vdsr", "y", "y", False, True, True)


def item(height: int = 48, width: int = 50, scale: float = 2, seed: int = 0):
    image = torch.from_numpy(smooth_image(height, width, seed)).permute(2, 0, 1)
    return {"image": image, "path": "a/b.png", "benchmark": "set", "scale": scale}


def still_network() -> VDSR:
    network = VDSR(depth=2, channels=2)
    for parameter in network.parameters():
        torch.nn.init.zeros_(parameter)
    return network


def test_a_network_that_adds_nothing_scores_as_bicubic():
    score = BenchmarkScore(PROTOCOL, ["set"], [2, 3])
    for scale in (2, 3):
        for seed in range(2):
            score.update(still_network(), item(scale=scale, seed=seed))
    for row in score.compute():
        assert row.images == 2
        assert row.psnr_gain == 0
        assert row.ssim == row.bicubic_ssim
    metrics = score.metrics()
    assert metrics["gain"] == 0
    assert {"set_x2/psnr_y", "set_x3/ssim_y", "psnr"} <= metrics.keys()


def test_scores_are_those_of_the_metric():
    score = BenchmarkScore(PROTOCOL, ["set"], [2])
    score.update(still_network(), item())
    small, target = PROTOCOL.degrade(item()["image"], 2)
    enlarged = PROTOCOL.comparable(PROTOCOL.interpolate(small, 2), 2)
    expected = psnr(enlarged, PROTOCOL.comparable(target, 2)).item()
    assert score.compute()[0].psnr == pytest.approx(expected, abs=1e-9)


def test_seconds_are_the_mean_over_images(monkeypatch: pytest.MonkeyPatch):
    clock = iter([10.0, 10.5, 20.0, 21.5])
    monkeypatch.setattr(upscaler, "perf_counter", lambda: next(clock))
    score = BenchmarkScore(PROTOCOL, ["set"], [2], timed=True)
    for seed in range(2):
        score.update(still_network(), item(seed=seed))
    assert score.metrics()["set_x2/seconds"] == pytest.approx(1.0)
    assert score.compute()[0].seconds == pytest.approx(1.0)


def test_seconds_are_not_among_the_metrics_of_validation():
    score = BenchmarkScore(PROTOCOL, ["set"], [2])
    score.update(still_network(), item())
    assert not any("seconds" in name for name in score.metrics())


def test_a_self_ensemble_is_scored_and_named():
    protocol = replace(PROTOCOL, self_ensemble=True)
    assert "self-ensemble of 8" in str(protocol)
    assert "ensemble" not in str(PROTOCOL)
    network = VDSR(depth=3, channels=4)
    single, ensemble = (BenchmarkScore(p, ["set"], [2]) for p in (PROTOCOL, protocol))
    for score in (single, ensemble):
        score.update(network, item())
    small, target = PROTOCOL.degrade(item()["image"], 2)
    result = PROTOCOL.comparable(Upscaler(network, self_ensemble=True)(small, 2), 2)
    expected = psnr(result, PROTOCOL.comparable(target, 2)).item()
    assert ensemble.compute()[0].psnr == pytest.approx(expected, abs=1e-9)
    assert single.compute()[0].psnr != pytest.approx(expected, abs=1e-6)


def test_reset_forgets():
    score = BenchmarkScore(PROTOCOL, ["set"], [2])
    score.update(still_network(), item())
    score.reset()
    score.update(still_network(), item(seed=3))
    assert score.compute()[0].images == 1


def test_networks_for_rgb_and_low_resolution():
    protocol = Protocol("edsr", "y", "rgb", True, False, True)
    score = BenchmarkScore(protocol, ["set"], [2])
    score.update(EDSR(scales=[2], blocks=1, channels=4), item())
    assert torch.isfinite(torch.tensor(score.compute()[0].psnr))


@pytest.mark.parametrize("size", [(1, 1), (12, 60)])
def test_too_small_images_are_named(size: tuple[int, int]):
    with pytest.raises(ImageError, match=r"b\.png.*at least"):
        BenchmarkScore(PROTOCOL, ["set"], [4]).update(still_network(), item(*size, scale=4))


class Greedy(VDSR):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + torch.empty(2**58)[: x.shape[-1]]


def test_an_image_that_is_too_large_to_be_scored_is_named():
    score = BenchmarkScore(PROTOCOL, ["set"], [2])
    with pytest.raises(OutOfMemoryError, match=r"^a/b\.png: does not fit into memory") as caught:
        score.update(Greedy(depth=2, channels=2), item())
    assert "\n" not in str(caught.value)


def test_table_for_people_and_as_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    score = BenchmarkScore(PROTOCOL, ["set"], [2])
    score.update(still_network(), item())
    rows = score.compute()
    print_table(rows, PROTOCOL, "VDSR")
    printed = capsys.readouterr().out
    assert f"{rows[0].bicubic_psnr:.3f}" in printed
    assert str(PROTOCOL) in printed
    write_table(rows, PROTOCOL, tmp_path / "results.csv")
    with (tmp_path / "results.csv").open() as file:
        (record,) = csv.DictReader(file)
    assert float(record["psnr"]) == rows[0].psnr
    assert record["protocol"] == "vdsr"
    assert record["degradation"] == ""
    assert float(record["seconds"]) == rows[0].seconds > 0


def test_files_name_what_was_changed(tmp_path: Path):
    protocol = replace(PROTOCOL, quantise=False, degradation=Degradation(sigma=5))
    score = BenchmarkScore(protocol, ["set"], [2])
    score.update(still_network(), item())
    write_table(score.compute(), protocol, tmp_path / "results.csv")
    scored = Scored("a", protocol, score.compute(), score.images())
    write_comparison(comparison_lines([scored]), tmp_path)
    for name in ("results.csv", "comparison.csv"):
        with (tmp_path / name).open() as file:
            record = next(csv.DictReader(file))
        assert record["protocol"] == "vdsr with quantise=false"
        assert record["degradation"] == "noise 5"


def test_scores_of_each_image_are_kept_and_written(tmp_path: Path):
    metrics = {"mean": ImageMetric(L1Loss())}
    score = BenchmarkScore(PROTOCOL, ["one", "two"], [2, 3], metrics)
    for benchmark, scale, seed in (("two", 2, 0), ("one", 3, 1), ("one", 2, 2), ("one", 3, 3)):
        image = item(scale=scale, seed=seed)
        score.update(VDSR(depth=2), {**image, "benchmark": benchmark, "path": f"a/{seed}.png"})
    write_images(score.images(), PROTOCOL, tmp_path / "per_image.csv")
    with (tmp_path / "per_image.csv").open() as file:
        lines = list(csv.DictReader(file))
    places = [(line["benchmark"], line["scale"], line["image"]) for line in lines]
    assert places == [
        ("one", "2", "a/2.png"),
        ("one", "3", "a/1.png"),
        ("one", "3", "a/3.png"),
        ("two", "2", "a/0.png"),
    ]
    row = score.compute()[1]
    of_set = lines[1:3]
    for name in ("psnr", "ssim", "bicubic_psnr", "bicubic_ssim", "seconds", "gain"):
        mean = sum(float(line[name]) for line in of_set) / 2
        field = "psnr_gain" if name == "gain" else name
        assert mean == pytest.approx(getattr(row, field), rel=1e-6), name
    mean = sum(float(line["mean"]) for line in of_set) / 2
    assert mean == pytest.approx(row.extra["mean"], abs=1e-9)
    assert lines[0]["protocol"] == "vdsr"
    score.reset()
    assert score.images() == []


@pytest.mark.parametrize("channels", [1, 3])
def test_panel_shows_the_original(channels: int):
    shown = item(120, 130)
    shown["image"] = shown["image"][:channels]
    panel = draw_panel(cut_tiles(still_network(), [shown, item(60, 40)], PROTOCOL, "VDSR"))
    assert panel.dtype == torch.uint8
    assert panel.shape[0] == 3
    assert panel.float().std() > 10


def test_tiles_are_written_with_their_captions(tmp_path: Path):
    images = [item(120, 130), item(60, 40)]
    images[1]["path"] = "other/b.two.png"
    tiles = cut_tiles(still_network(), images, PROTOCOL, "VDSR")
    save_tiles(tiles, images, tmp_path)
    captions = json.loads((tmp_path / "tiles.json").read_text())
    assert sorted(captions) == sorted(p.name for p in tmp_path.glob("*.png"))
    assert len(captions) == 8
    name = next(name for name in captions if name.endswith("b.two_x2.original.png"))
    assert torch.equal(load_image(tmp_path / name), tiles[1][3][1])
    assert captions[name.replace("original", "model")].startswith("VDSR")


DENOISE = replace(NAMED["denoise"], degradation=Degradation(sigma=50))


def test_denoising_compares_with_the_noisy_image_as_it_is(capsys: pytest.CaptureFixture[str]):
    score = BenchmarkScore(DENOISE, ["set"], [1])
    score.update(still_network(), item(scale=1))
    (row,) = score.compute()
    noisy, target = DENOISE.degrade(item()["image"], 1, "b.png")
    assert row.bicubic_psnr == pytest.approx(psnr(noisy, target).item(), abs=1e-9)
    assert row.bicubic_psnr == pytest.approx(20 * math.log10(255 / 50), abs=0.2)
    # A result is a file: rounded and clipped, which is all that this network does.
    clipped = (noisy + 0.5).floor().clamp(0, 255)
    assert row.psnr == pytest.approx(psnr(clipped, target).item(), abs=1e-3)
    print_table([row], DENOISE, "VDSR")
    scored = [Scored("a", DENOISE, [row], score.images())]
    print_comparison(comparison_lines(scored), scored)
    printed = capsys.readouterr().out
    assert "noisy PSNR" in printed
    assert "noise 50 (not rounded)" in printed
    assert "bicubic" not in printed
    captions = [
        caption for caption, _ in cut_tiles(still_network(), [item(scale=1)], DENOISE, "V")[0]
    ]
    assert captions[1] == f"noisy\n{row.bicubic_psnr:.2f} dB"


def test_a_table_names_what_it_compares_with():
    jpeg = replace(DENOISE, degradation=Degradation(quality=10))
    assert [p.baseline(s) for p in (DENOISE, jpeg) for s in (1, 2)] == [
        "noisy",
        "bicubic",
        "input",
        "bicubic",
    ]

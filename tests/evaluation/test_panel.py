"""The words above the pictures of a panel."""

from dataclasses import replace

import pytest
import torch
from PIL import ImageFont

from sr_experiments.evaluation import BenchmarkScore, panel
from sr_experiments.evaluation.panel import cut_tiles, draw_comparison
from sr_experiments.evaluation.table import print_table
from sr_experiments.imaging import Degradation
from sr_experiments.models import VDSR
from tests.evaluation.test_benchmark import PROTOCOL, item, still_network

NOISE = Degradation(sigma=30)


@pytest.mark.parametrize(
    ("degradation", "scale", "words"),
    [
        (None, 2, ("LR", "bicubic")),
        (NOISE, 1, ("input", "noisy")),
        (NOISE, 2, ("LR", "bicubic")),
        (Degradation(blur=1.0), 1, ("input", "input")),
    ],
)
def test_what_the_result_is_held_against_has_its_own_name(
    degradation: Degradation | None, scale: float, words: tuple[str, str]
):
    protocol = replace(PROTOCOL, degradation=degradation)
    network = VDSR(depth=2, channels=2, scales=[scale])
    (tiles,) = cut_tiles(network, [item(scale=scale)], protocol, "VDSR")
    first, second = (caption.split("\n")[0] for caption, _ in tiles[:2])
    assert (first.partition(",")[0], second) == words


def test_a_comparison_names_its_columns_and_starts_with_bicubic(monkeypatch: pytest.MonkeyPatch):
    drawn = []
    monkeypatch.setattr(panel, "_canvas", lambda rows: drawn.append(rows) or torch.empty(0))
    networks = {name: still_network() for name in ("lr=0.1 seed 0", "lr=0.1 seed 1")}
    draw_comparison(networks, [item(), item(seed=1)], PROTOCOL)
    for row in drawn[0]:
        names = [caption.split("\n")[0] for caption, _ in row]
        assert names == ["LR, set x2", "bicubic", *networks, "HR"]


def test_a_long_name_stays_above_its_own_tile():
    font = ImageFont.load_default(size=15)
    fitted = panel._fitting("a configuration with a very long name that ends in lr=0.001", font)
    assert font.getlength(fitted) <= 288
    assert fitted.startswith("a conf")
    assert fitted.endswith("lr=0.001")
    assert panel._fitting("bicubic", font) == "bicubic"


def test_a_network_of_nans_has_no_score(capsys: pytest.CaptureFixture[str]):
    network = still_network()
    torch.nn.init.constant_(next(network.parameters()), torch.nan)
    (tiles,) = cut_tiles(network, [item()], PROTOCOL, "VDSR")
    assert tiles[2][0] == "VDSR\nno PSNR: values are NaN"
    score = BenchmarkScore(PROTOCOL, ["set"], [2])
    score.update(network, item())
    print_table(score.compute(), PROTOCOL, "VDSR")
    assert "+nan" not in capsys.readouterr().out

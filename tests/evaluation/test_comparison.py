"""The table of several networks: grouped, with costs, the best marked, in three formats."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from sr_experiments.evaluation.benchmark import Row
from sr_experiments.evaluation.comparison import (
    Scored,
    comparison_lines,
    print_comparison,
    write_comparison,
    write_images,
)
from sr_experiments.evaluation.protocol import NAMED

VDSR, RGB = NAMED["vdsr"], NAMED["rgb"]


def row(benchmark: str, scale: float, psnr: float) -> Row:
    extra = {"bicubic_lpips": 0.2, "lpips": 0.1}
    return Row(benchmark, scale, 5, psnr, 0.95, 33.66, 0.9299, 0.5, extra=extra)


SCORED = [
    Scored("a_1", VDSR, [row("set5", 2, 36.5), row("set5", 3, 32)], [], 1000, 10**9, 5 * 10**6),
    Scored("b", VDSR, [row("set5", 2, 37.5)], [], 2000, None, None),
    Scored("b", RGB, [row("set5", 2, 35.5)], [], 2000, None, None),
]


def test_lines_are_grouped_by_set_scale_and_protocol() -> None:
    lines = comparison_lines(SCORED)
    assert [(x["scale"], x["protocol"], x["method"], x["psnr"]) for x in lines] == [
        (2, "vdsr", "bicubic", 33.66),
        (2, "vdsr", "a_1", 36.5),
        (2, "vdsr", "b", 37.5),
        (3, "vdsr", "bicubic", 33.66),
        (3, "vdsr", "a_1", 32),
        (2, "rgb", "bicubic", 33.66),
        (2, "rgb", "b", 35.5),
    ]
    assert lines[1]["lpips"] == 0.1
    assert (lines[0]["lpips"], lines[0]["seconds"]) == (0.2, None)


def test_published_values_stand_beside() -> None:
    lines = comparison_lines(SCORED, ["vdsr"])
    (found,) = (x for x in lines if x["method"] == "VDSR" and x["scale"] == 2)
    assert (found["psnr"], found["ssim"]) == ("37.53", "0.9587")
    assert "Table 3" in str(found["published_in"])


def test_files_and_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = comparison_lines(SCORED)
    print_comparison(lines, SCORED)
    printed = capsys.readouterr().out
    assert str(VDSR) in printed
    assert str(RGB) in printed
    write_comparison(lines, tmp_path)
    with (tmp_path / "comparison.csv").open() as file:
        read = list(csv.DictReader(file))
    assert [line["peak_memory"] for line in read[:3]] == ["", "5000000", ""]
    markdown = (tmp_path / "comparison.md").read_text().splitlines()
    heading = "| set | protocol | method | PSNR | SSIM | lpips | parameters | multiply-adds "
    assert markdown[0] == heading + "| s/image | peak MB |"
    assert markdown[3].startswith("| set5 x2 | vdsr | a_1 | 36.500 | **0.9500** | 0.1000 | 1,000 ")
    assert markdown[4].startswith("| set5 x2 | vdsr | b | **37.500** |")
    latex = (tmp_path / "comparison.tex").read_text()
    assert r"a\_1" in latex
    assert r"\textbf{37.500}" in latex
    assert latex.count(r"\midrule") == 3
    assert latex.count("&") == 9 * 8


def test_one_protocol_needs_no_column(tmp_path: Path) -> None:
    write_comparison(comparison_lines(SCORED[:2]), tmp_path)
    assert "protocol" not in (tmp_path / "comparison.md").read_text()


def test_scores_of_each_image_have_their_method(tmp_path: Path) -> None:
    one = replace(SCORED[0], images=[{"image": "x.png", "psnr": 1.0}])
    write_images([one], tmp_path / "per_image.csv")
    with (tmp_path / "per_image.csv").open() as file:
        (line,) = csv.DictReader(file)
    assert (line["method"], line["image"], line["protocol"]) == ("a_1", "x.png", "vdsr")

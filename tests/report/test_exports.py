"""Reports as text, plots and tables."""

import builtins
import csv
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from PIL import Image

from sr_experiments.report.build import build_content, make_inputs
from sr_experiments.report.content import Content
from sr_experiments.report.exports import _figure, draw_plots, write_curves, write_results
from sr_experiments.report.inputs import ReportInputs
from sr_experiments.report.render import render_markdown
from sr_experiments.runs.read import read_runs
from tests.report.sample import empty_content, sample_content
from tests.runs.folders import METRIC, make_run, make_sweep


@pytest.fixture
def inputs(tmp_path: Path) -> ReportInputs:
    return make_inputs(read_runs([make_sweep(tmp_path / "sweep")]))


def test_text_says_all_that_the_page_says(inputs: ReportInputs) -> None:
    content = build_content(inputs)
    text = render_markdown(content, ["plots/a.png"]).replace("\\", "")
    for said in (*content["notes"], *content["pairs"], *content["commands"]):
        assert said in text
    assert "| lr=0.01 | 2 of 3 finished, 1 running | 33.05 ± 0.64 |" in text
    assert "](plots/a.png)" in text


def test_published_values_stand_beside_measured_ones() -> None:
    text = render_markdown(sample_content())
    assert "from memory" in text
    assert "of no verdict: residual, lr 0.1 (epoch 20); residual, lr 0.01 (epoch 20); non" in text
    assert re.search(r"\d\d\.\d\d\\\* \\\| \d\d\.\d\d", text)
    for claim in sample_content()["claims"]:
        assert claim["verdict"] in text


def test_tables_are_whole_whatever_stands_in_them(inputs: ReportInputs) -> None:
    content = build_content(inputs)
    content["runs"][0]["error"] = "a | b\n<img src=x> [c](d)\n| e |"
    lines = render_markdown(content).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| variant | seed"))
    rows = lines[start : start + 8]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}
    assert r"a \| b \<img src=x\> \[c\](d) \| e \|" in rows[2]


def test_an_empty_report_is_a_report(tmp_path: Path) -> None:
    assert render_markdown(empty_content()).startswith("# Nothing yet\n")
    assert draw_plots(empty_content(), tmp_path) == []


def test_plots_are_pictures_for_print(inputs: ReportInputs, tmp_path: Path) -> None:
    paths = draw_plots(build_content(inputs), tmp_path / "plots")
    assert [path.name for path in paths] == ["val_set5_x2_psnr_y.png", "train_loss.png"]
    with Image.open(paths[0]) as image:
        assert image.info["dpi"] == pytest.approx((150, 150), abs=0.1)
        assert image.width == 900
        colours = {pixel[:3] for _, pixel in image.getcolors(10**6) or []}  # type: ignore[index]
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)} <= colours
    assert not list((tmp_path / "plots").glob(".*"))


def test_a_wide_band_does_not_squash_a_plot() -> None:
    content = sample_content()
    for line in content["metrics"][0]["lines"]:
        line.update(low=[-140.0] * len(line["mean"]), high=[110.0] * len(line["mean"]))
    names = {each["id"]: each["name"] for each in content["variants"]}
    figure = _figure(content["metrics"][0], names, {name: i for i, name in enumerate(names)})
    low, high = figure.axes[0].get_ylim()
    assert 0 < low < 25
    assert 37 < high < 42


def test_plots_of_many_configurations_with_odd_names(tmp_path: Path) -> None:
    content: Content = sample_content()
    first = content["metrics"][0]["lines"][0]
    for number in range(30):
        name = f"$x_{number}^ _<b>"
        content["variants"].append({**content["variants"][0], "id": name, "name": name})
        content["metrics"][0]["lines"].append({**first, "variant": name})
    assert draw_plots(content, tmp_path)[0].stat().st_size > 10_000


def test_tables_hold_every_measurement(inputs: ReportInputs, tmp_path: Path) -> None:
    paths, remark = write_curves(inputs, tmp_path)
    assert ([path.name for path in paths], remark) == (["curves.csv", "curves.parquet"], "")
    with paths[0].open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = sum(len(c.value) for run in inputs.runs for c in run.curves.values())
    assert len(rows) == expected == 6 * (3 + 6)
    row = next(r for r in rows if r["metric"] == METRIC and r["run"].endswith("/4"))
    assert row["variant"] == "lr=0.01"
    values = [float(row[name]) for name in ("seed", "epoch", "step", "seconds", "value")]
    assert values == [1, 1, 10, 2, 31.1]
    table = pq.read_table(paths[1]).to_pylist()
    assert len(table) == expected
    assert [r["value"] for r in table] == [float(r["value"]) for r in rows]


def test_times_that_were_not_recorded_are_empty(tmp_path: Path) -> None:
    inputs = make_inputs(read_runs([make_run(tmp_path / "run", seconds=False)]))
    paths, _ = write_curves(inputs, tmp_path)
    with paths[0].open(newline="") as file:
        assert {row["seconds"] for row in csv.DictReader(file)} == {""}
    assert pq.read_table(paths[1])["seconds"].null_count == 9


def test_without_pyarrow_a_line_says_how_to_get_it(
    inputs: ReportInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    paths, remark = write_curves(inputs, tmp_path)
    assert [path.name for path in paths] == ["curves.csv"]
    assert "pip install 'sr-experiments[parquet]'" in remark


def test_results_are_listed_with_bicubic(inputs: ReportInputs, tmp_path: Path) -> None:
    with write_results(inputs, tmp_path).open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["metric"] == "test/set5_x2/psnr_y"]
    assert [(r["variant"], r["seed"], r["value"], r["bicubic"]) for r in rows] == [
        ("lr=0.1", "0", "32.0", "33.66"),
        ("lr=0.01", "0", "33.0", "33.66"),
        ("lr=0.01", "1", "33.1", "33.66"),
    ]

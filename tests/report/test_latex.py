"""Tables for papers: what they say, and that pdflatex sets them."""

import csv
import io
import shutil
import subprocess
from pathlib import Path

import pytest

from sr_experiments.report.build import build_content, make_inputs
from sr_experiments.report.exports import _COLOURS, draw_plots
from sr_experiments.report.latex import escape, render_csv, render_latex
from sr_experiments.report.paper_table import PaperTable, make_paper_table
from sr_experiments.runs.read import read_runs
from tests.report.reports import tiny_study
from tests.runs.folders import make_run

ROOT = Path(__file__).parents[2]


def table_of(folder: Path, seeds: int) -> PaperTable:
    for seed in range(seeds):
        high = 36.0 + seed / 10
        make_run(folder / str(seed), [30.0, 32.0, 34.0, high], seed=seed, variant="good")
        low = [20.0, 22.0, 24.0, 26.0 + seed / 8]
        make_run(folder / f"1{seed}", low, seed=seed, variant="bad", lr=0.2)
    table = make_paper_table(make_inputs(read_runs([folder]), tiny_study()))
    assert table is not None
    return table


def test_six_seeds_bring_stars_and_ranks(tmp_path: Path) -> None:
    text = render_latex(table_of(tmp_path, 6))
    assert "A tiny study. Measured values are means over seeds $\\pm$ half" in text
    assert "Protocol: vdsr." in text
    assert "Seeds: 0, 1, 2, 3, 4, 5. Steps: 40." in text
    assert "after Holm's correction for 2 comparisons" in text
    rows = {line.split(" & ")[0]: line for line in text.splitlines() if " & " in line}
    # By hand: mean 36.25, half of the t interval 2.5706 * 0.18708 / sqrt(6) = 0.20.
    assert rows["good"] == (
        r"good & 31.00 & \textbf{32.00} $\pm$ 0.00 & 36.50? & \textbf{36.25} $\pm$ 0.20 \\"
    )
    assert rows["bad"].endswith(r"\\")
    assert rows["bad"].count("$^{*}$") == 2
    assert r"bicubic &  & -- & 33.66 & \underline{33.66} \\" in text
    assert r"\cmidrule(lr){2-3}\cmidrule(lr){4-5}" in text


def test_three_seeds_show_nothing_and_say_so(tmp_path: Path) -> None:
    text = render_latex(table_of(tmp_path, 3))
    assert "$^{*}$" not in text
    assert "With 3 paired seeds no difference can be shown; that takes 6." in text


def test_csv_has_a_line_for_each_cell(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(render_csv(table_of(tmp_path, 6)))))
    assert len(rows) == 4 * 2
    found = next(r for r in rows if (r["row"], r["column"]) == ("good", "end"))
    assert (found["published"], found["verified"]) == ("36.5", "False")
    assert float(found["measured"]) == pytest.approx(36.25)
    assert (found["rank"], found["differs"], found["seeds"]) == ("1", "False", "6")


def test_signs_that_latex_reads_are_escaped() -> None:
    assert escape("a_b & 50 % of {x}\\") == r"a\_b \& 50 \% of \{x\}\textbackslash{}"
    assert escape("\N{CJK UNIFIED IDEOGRAPH-4E00}é") == "?é"


def test_nothing_scored_is_no_table(tmp_path: Path) -> None:
    make_run(tmp_path / "0", state="running")
    inputs = make_inputs(read_runs([tmp_path]))
    table = make_paper_table(inputs)
    assert table is None or table.results["columns"]


def test_figures_have_the_colours_of_the_page(tmp_path: Path) -> None:
    table_of(tmp_path / "runs", 2)
    content = build_content(make_inputs(read_runs([tmp_path / "runs"]), tiny_study()))
    paths = draw_plots(content, tmp_path / "figures", ("pdf", "svg"))
    assert {path.suffix for path in paths} == {".pdf", ".svg"}
    svg = next(path for path in paths if path.suffix == ".svg").read_text()
    assert _COLOURS[0] in svg
    assert _COLOURS[1] in svg
    assert ">good</text>" in svg
    palette = (ROOT / "sr_experiments" / "report" / "page" / "palette.js").read_text()
    assert " ".join(_COLOURS) in palette


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed")
def test_pdflatex_sets_the_table_and_the_figure(tmp_path: Path) -> None:
    table = table_of(tmp_path / "runs", 6)
    hostile = table.results["rows"][1]
    hostile["name"] = "100 % _odd_ & {more} \\ # ~ ^ $ é θ \N{CJK UNIFIED IDEOGRAPH-4E00}"
    (tmp_path / "table.tex").write_text(render_latex(table))
    content = build_content(make_inputs(read_runs([tmp_path / "runs"]), tiny_study()))
    figure = draw_plots(content, tmp_path, ("pdf",))[0]
    figure.rename(tmp_path / "figure.pdf")
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs,graphicx}\\begin{document}"
        "\\input{table}\\includegraphics{figure}\\end{document}"
    )
    made = subprocess.run(
        ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "paper.tex"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout[-2000:]
    assert (tmp_path / "paper.pdf").read_bytes().startswith(b"%PDF")

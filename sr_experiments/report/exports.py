"""Files beside a report: every measurement as tables, curves with bands as pictures for papers."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sr_experiments.files import whole_file
from sr_experiments.report.content import Content, Lines, Metric
from sr_experiments.report.inputs import ReportInputs
from sr_experiments.runs import curves_table

if TYPE_CHECKING:
    import pandas as pd

# Colours and dashes of the page (page/palette.js), so that a variant looks alike in both.
_COLOURS = (
    *("#0072b2", "#d55e00", "#00805c", "#aa4499"),
    *("#8a6a00", "#332288", "#a3162e", "#5c6670"),
)
_DASHES: tuple[tuple[float, tuple[float, ...] | None], ...] = (
    (0, None),
    *((0, dash) for dash in ((6, 3), (1.5, 2), (7, 2, 1.5, 2), (3.5, 1.5))),
)
_DPI = 150
_MOST_IN_LEGEND = 12


def write_curves(inputs: ReportInputs, folder: Path) -> tuple[list[Path], str]:
    """Writes ``curves.csv``, and ``curves.parquet`` if pyarrow is installed.

    Returns:
        The files, and what to do for the one that is missing.
    """
    named = {str(run.folder): (name, run) for name, run in inputs.named_runs}
    table = curves_table(run for _, run in named.values())
    table.insert(0, "variant", [named[run][0] for run in table["run"]])
    path, parquet = folder / "curves.csv", folder / "curves.parquet"
    _write(table, path)
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return [path], "for curves.parquet: pip install 'sr-experiments[parquet]'"
    with whole_file(parquet) as file:
        table.to_parquet(file, index=False)
    return [path, parquet], ""


def write_results(inputs: ReportInputs, folder: Path) -> Path:
    """Writes ``results.csv``: the newest value of each metric of each run."""
    import pandas as pd

    rows = [
        (name, run.seed, str(run.folder), run.state, metric, value, run.bicubic.get(metric))
        for name, run in inputs.named_runs
        for metric, value in run.metrics.items()
    ]
    names = ["variant", "seed", "run", "state", "metric", "value", "bicubic"]
    path = folder / "results.csv"
    _write(pd.DataFrame(rows, columns=names).astype({"seed": "Int64"}), path)
    return path


def _write(table: "pd.DataFrame", path: Path) -> None:
    with whole_file(path) as file:
        table.to_csv(file, index=False)


def draw_plots(
    content: Content, folder: Path, formats: Sequence[Literal["png", "pdf", "svg"]] = ("png",)
) -> list[Path]:
    """Draws each metric over steps, one file per metric and format; the files' paths.

    Args:
        content: the report's.
        folder: gets the files.
        formats: of the files; PDF and SVG hold their texts as texts.
    """
    names = {each["id"]: each["name"] for each in content["variants"]}
    order = {name: place for place, name in enumerate(names)}
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for metric in content["metrics"]:
        stem = re.sub(r"[^a-zA-Z0-9_.-]+", "_", metric["name"])
        with matplotlib.rc_context(
            {
                "font.size": 9,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "text.parse_math": False,
                "pdf.fonttype": 42,  # TrueType, which publishers ask for
                "svg.fonttype": "none",
            }
        ):
            figure = _figure(metric, names, order)
            for kind in formats:
                paths.append(folder / f"{stem}.{kind}")
                with whole_file(paths[-1]) as file:
                    figure.savefig(file, dpi=_DPI, format=kind)
    return paths


def _figure(metric: Metric, names: dict[str, str], order: dict[str, int]) -> Figure:
    figure = Figure(figsize=(6.0, 4.0), layout="constrained")
    axes = figure.subplots()
    for line in metric["lines"]:
        _draw(axes, line, names[line["variant"]], order[line["variant"]])
    axes.set_xlabel("steps")
    axes.set_ylabel(metric["label"])
    axes.grid(alpha=0.25)
    _clip_bands(axes, metric)
    if 0 < len(metric["lines"]) <= _MOST_IN_LEGEND:
        figure.legend(loc="outside lower center", ncols=3, frameon=False)
    elif metric["lines"]:
        axes.set_title(f"{len(metric['lines'])} variants; their names are in the report")
    return figure


def _clip_bands(axes: Axes, metric: Metric) -> None:
    """Shows the range of the curves: of two seeds, an interval may be many times as wide."""
    curves = [c for line in metric["lines"] for c in (line["mean"], *line["runs"].values())]
    values = [value for curve in curves for value in curve if value is not None]
    if values and max(values) > min(values):
        room = 0.05 * (max(values) - min(values))
        axes.set_ylim(min(values) - room, max(values) + room)


def _draw(axes: Axes, line: Lines, name: str, place: int) -> None:
    def floats(values: list[float | None]) -> list[float]:
        return [float("nan") if value is None else value for value in values]

    steps = floats(line["step"])
    colour = _COLOURS[place % len(_COLOURS)]
    dash = _DASHES[place % len(_DASHES)]
    marker = "." if len(steps) <= 30 else ""
    axes.plot(steps, floats(line["mean"]), linestyle=dash, color=colour, marker=marker, label=name)
    axes.fill_between(
        steps, floats(line["low"]), floats(line["high"]), color=colour, alpha=0.2, linewidth=0
    )

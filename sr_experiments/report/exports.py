"""Files beside a report: every measurement as tables, curves with bands as pictures for papers."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sr_experiments.files import whole_file
from sr_experiments.report.content import Content, Lines, Metric
from sr_experiments.report.inputs import ReportInputs
from sr_experiments.runs import curves_table

if TYPE_CHECKING:
    import pandas as pd

# Okabe and Ito's colours, which the colour-blind tell apart; yellow is too pale for paper. Dashes
# tell lines apart in gray.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_DASHES = ("-", "--", "-.", ":")
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


def draw_plots(content: Content, folder: Path) -> list[Path]:
    """Draws each metric over steps, one file per metric; the files' paths."""
    names = {each["id"]: each["name"] for each in content["variants"]}
    order = {name: place for place, name in enumerate(names)}
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for metric in content["metrics"]:
        path = folder / f"{re.sub(r'[^a-zA-Z0-9_.-]+', '_', metric['name'])}.png"
        with matplotlib.rc_context(
            {
                "font.size": 9,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "text.parse_math": False,
            }
        ):
            figure = _figure(metric, names, order)
            with whole_file(path) as file:
                figure.savefig(file, dpi=_DPI, format="png")
        paths.append(path)
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
    axes.plot(steps, floats(line["mean"]), dash, color=colour, marker=marker, label=name)
    axes.fill_between(
        steps, floats(line["low"]), floats(line["high"]), color=colour, alpha=0.2, linewidth=0
    )

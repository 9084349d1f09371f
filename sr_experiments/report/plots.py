"""Curves with bands as PNG pictures, for papers."""

import re
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sr_experiments.files import whole_file
from sr_experiments.report.content import Content, Lines, Metric

# Okabe and Ito's colours, which the colour-blind tell apart; yellow is too pale for paper. Dashes
# tell lines apart in gray.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_DASHES = ("-", "--", "-.", ":")
_DPI = 150
_MOST_IN_LEGEND = 12


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

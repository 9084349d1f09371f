"""A report as one HTML file that needs neither network nor server."""

import html
import json
import math
from importlib import resources
from string import Template
from typing import Any

from sr_experiments.report.content import Content

_STYLES = (
    "uPlot.min.css",
    "theme.css",
    "findings.css",
    "curves.css",
    "tables.css",
    "pictures.css",
)
_SCRIPTS = (
    "uPlot.iife.min.js",
    "dom.js",
    "format.js",
    "table.js",
    "palette.js",
    "series.js",
    "logaxis.js",
    "tooltip.js",
    "chart.js",
    "zoom.js",
    "controls.js",
    "curves.js",
    "results.js",
    "slider.js",
    "findings.js",
    "tables.js",
    "setup.js",
    "main.js",
)


def render_page(content: Content) -> str:
    """Returns the report as HTML; styles, scripts and pictures are inside.

    Numbers that are not finite are shown as missing, values that JSON does not know as their text.
    """
    return Template(_asset("page.html")).substitute(
        title=html.escape(content["title"]),
        licence=_asset("uPlot.LICENSE"),
        styles="\n".join(map(_asset, _STYLES)),
        scripts="\n".join(map(_asset, _SCRIPTS)),
        content=_embedded(content),
    )


def _asset(name: str) -> str:
    folder = resources.files("sr_experiments.report") / "page"
    return (folder / name).read_text(encoding="utf-8")


def _embedded(content: Content) -> str:
    """JSON that no text in it can end: the parser of HTML sees neither tags nor comments."""
    # Seven digits are more than a curve shows, and half the size.
    slim = {**content, "metrics": _finite(content["metrics"], digits=7)}
    text = json.dumps(_finite(slim), allow_nan=False, default=str, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _finite(value: Any, digits: int = 17) -> Any:
    """Plain values with None for numbers that are not finite, rounded to significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(part, digits) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part, digits) for part in value]
    return value

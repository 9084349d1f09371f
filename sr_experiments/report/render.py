"""A report as a page and as text, from the same content by templates.

The page is one HTML file that needs neither network nor server; scripts draw only what moves.
"""

import json
import math
import re
from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sr_experiments.report.content import Content, Picture
from sr_experiments.report.layout import MARKS, Cell, as_json, make_tables

_STYLES = ("uPlot.min", "theme", "base", "findings", "curves", "tables", "setup", "pictures")
_SCRIPTS = (
    "uPlot.iife.min",
    "make",
    "table",
    "palette",
    "series",
    "logaxis",
    "tooltip",
    "chart",
    "zoom",
    "curves",
    "pictures",
    "main",
)
_BASELINES = ("bicubic", "noisy", "input")


def render_page(content: Content) -> str:
    """Returns the report as HTML; styles, scripts and pictures are inside.

    Numbers that are not finite are shown as missing, values that JSON does not know as their text.
    """
    content = _finite(content)
    pictures = [_usable(picture) for picture in content["pictures"] if picture["tiles"]]
    text = (
        _templates()
        .get_template("page.html.j2")
        .render(
            content=content,
            parts=_parts(content),
            tables=make_tables(content),
            pictures=pictures,
            marks=MARKS,
            licence=Markup(_asset("uPlot.LICENSE")),
            styles=Markup("\n".join(_asset(f"{name}.css") for name in _STYLES)),
            scripts=Markup("\n".join(_asset(f"{name}.js") for name in _SCRIPTS)),
            moving=_embedded(content),
        )
    )
    return text + "\n"


def render_markdown(content: Content, plots: Sequence[str] = ()) -> str:
    """The report in GitHub's Markdown, for papers and pull requests.

    Args:
        content: what it says.
        plots: paths of pictures, relative to the report.
    """
    template = _templates().get_template("report.md.j2")
    text = template.render(content=content, tables=make_tables(content), plots=plots)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("sr_experiments.report", "page"),
        autoescape=lambda name: bool(name) and ".html" in str(name),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    templates.filters |= {
        "zip": lambda columns, row: list(zip(columns, row, strict=True)),
        "json": as_json,
        "date": _date,
        "md": _escaped,
        "cell": _text_cell,
        "stem": lambda path: PurePosixPath(path).stem,
    }
    return templates


def _parts(content: Content) -> dict[str, str]:
    """The sections that the report has, by their anchors."""
    setup = content["variants"] or content["common"] or content["environment"]
    parts = {
        "findings": ("Findings", content["claims"] or content["pairs"]),
        "curves": ("Curves", True),
        "results": ("Results", content["results"]),
        "statistics": ("Statistics", True),
        "pictures": ("Pictures", any(picture["tiles"] for picture in content["pictures"])),
        "runs": ("Runs", True),
        "setup": ("Set-up", setup),
        "repeat": ("To repeat it", content["commands"]),
    }
    return {name: title for name, (title, there) in parts.items() if there}


def _usable(picture: Picture) -> dict[str, Any]:
    """A picture and the tiles that are compared first: bicubic with the last restored one."""
    names = [tile["name"].lower() for tile in picture["tiles"]]
    first = next((i for i, name in enumerate(names) if name in _BASELINES), 0)
    restored = [i for i, name in enumerate(names) if name != "original"]
    return {**picture, "first": first, "last": (restored or [len(names) - 1])[-1]}


def _asset(name: str) -> str:
    folder = resources.files("sr_experiments.report") / "page"
    return (folder / name).read_text(encoding="utf-8")


def _embedded(content: Content) -> Markup:
    """What scripts draw, as JSON that no text in it can end: no tags, no comments."""
    # Seven digits are more than a curve shows, and half the size.
    metrics = _finite(content["metrics"], digits=7)
    variants = [{"id": each["id"], "name": each["name"]} for each in content["variants"]]
    slim = {"variants": variants, "metrics": metrics}
    text = json.dumps(slim, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


def _finite(value: Any, digits: int = 17) -> Any:
    """Plain values, rounded to significant digits; None for numbers that are not finite."""
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(part, digits) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part, digits) for part in value]
    return value if isinstance(value, str | int | None) else str(value)


def _date(created: str) -> str:
    try:
        return datetime.fromisoformat(created).strftime("%d %b %Y, %H:%M").lstrip("0")
    except ValueError:
        return created


def _text_cell(cell: Cell) -> str:
    return _escaped(f"{cell.text} ({cell.remark})" if cell.remark else cell.text)


def _escaped(value: str) -> str:
    """A text of one line that Markdown shows as it is, also inside a table."""
    line = " ".join(value.split())
    # An underscore within a word is none of Markdown's signs.
    return re.sub(r"[\\`*<>|\[\]]|(?<![a-zA-Z0-9])_|_(?![a-zA-Z0-9])", r"\\\g<0>", line)

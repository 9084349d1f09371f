"""``report.md``: a report as text, for papers and pull requests."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from sr_experiments.report.content import Cell, Content, Results

_MARKS = {"supports": "✔", "contradicts": "✘", "cannot tell": "?"}


def render_markdown(content: Content, plots: Sequence[str] = ()) -> str:
    """The report in GitHub's Markdown.

    Args:
        content: what it says.
        plots: paths of pictures, relative to the report.
    """
    names = {each["id"]: each["name"] for each in content["configurations"]}
    parts = [f"# {_text(content['title'])}", _text(content["lead"])]
    parts += [_list(map(_text, content["notes"])), _claims(content)]
    parts += _section("Pairs", _list(map(_text, content["pairs"])))
    parts += _section("Curves", "\n\n".join(_plot(path) for path in plots))
    parts += _section("Results", _results(content["results"]))
    parts += _section("Convergence", _statistics(content, names))
    parts += _section("What varied", _varied(content))
    parts += _section("Runs", _runs(content, names))
    shared = [f"`{key}={value}`" for key, value in content["common"].items()]
    parts += _section("Same in all runs", " ".join(shared))
    parts += _section("Environment", _table(["", ""], _pairs(content["environment"])))
    commands = "\n".join(content["commands"])
    parts += _section("To repeat it", f"```console\n{commands}\n```" if commands else "")
    parts.append(f"Made on {_text(content['created'])}.")
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(heading: str, body: str) -> list[str]:
    return [f"## {heading}", body] if body else []


def _plot(path: str) -> str:
    return f"![{_text(PurePosixPath(path).stem)}]({path})"


def _claims(content: Content) -> str:
    rows = [
        [c["text"], f"{_MARKS.get(c['verdict'], '')} {c['verdict']}", c["words"]]
        for c in content["claims"]
    ]
    return _table(["claim", "these runs", "why"], rows)


def _results(results: Results | None) -> str:
    if results is None:
        return ""
    digits = results["digits"]
    rows = [
        [row["name"], *(_cell(cell, digits) for cell in row["cells"])] for row in results["rows"]
    ]
    cells = [cell for row in results["rows"] for cell in row["cells"]]
    parts = [_text(results["caption"])]
    if any(cell["published"] is not None for cell in cells):
        parts[0] += " Published | measured."
    parts.append(_table(["", *results["columns"]], rows))
    if any(cell["published"] is not None and not cell["verified"] for cell in cells):
        parts.append("\\* from memory, not checked against the source.")
    return "\n\n".join(parts)


def _cell(cell: Cell, digits: int) -> str:
    """Published and measured value, as "36.90* | 36.85 ± 0.04"."""
    published, measured = cell["published"], cell["measured"]
    shown = []
    if published is not None:
        shown.append(f"{published:.{digits}f}{'' if cell['verified'] else '*'}")
    if measured is not None:
        half = cell["half_width"]
        shown.append(
            f"{measured:.{digits}f}" + (f" ± {half:.{digits}f}" if half is not None else "")
        )
    elif shown:
        shown.append("-")
    text = " | ".join(shown) or "-"
    return f"{text} ({cell['note']})" if cell["note"] else text


def _statistics(content: Content, names: dict[str, str]) -> str:
    rows = [
        [names[s["configuration"]], s["runs"], s["final"], s["best"], s["area"], s["to_target"]]
        for s in content["statistics"]
    ]
    table = _table(["configuration", "runs", "final", "best", "area", "to target"], rows)
    return f"{table}\n\n{_text(content['statistics_note'])}" if table else ""


def _varied(content: Content) -> str:
    keys = list(dict.fromkeys(k for each in content["configurations"] for k in each["values"]))
    rows = [
        [c["name"], *(c["values"].get(key, "") for key in keys)] for c in content["configurations"]
    ]
    return _table(["configuration", *keys], rows) if keys else ""


def _runs(content: Content, names: dict[str, str]) -> str:
    rows = [
        [
            names[run["configuration"]],
            run["seed"],
            run["state"],
            f"{run['seconds'] / 60:.1f}" if run["seconds"] else "",
            run["folder"],
            run["error"],
        ]
        for run in content["runs"]
    ]
    return _table(["configuration", "seed", "state", "minutes", "folder", "error"], rows)


def _pairs(environment: dict[str, Any]) -> list[list[str]]:
    return [[str(key), str(value)] for key, value in environment.items()]


def _list(items: Any) -> str:
    return "\n".join(f"- {item}" for item in items)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_text(cell) for cell in line) + " |" for line in lines)


def _text(value: str) -> str:
    """A text of one line that is shown as it is, also inside a table."""
    line = " ".join(value.split())
    # An underscore within a word is none of Markdown's signs.
    return re.sub(r"[\\`*<>|\[\]]|(?<![a-zA-Z0-9])_|_(?![a-zA-Z0-9])", r"\\\g<0>", line)

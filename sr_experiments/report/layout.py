"""The tables of a report, ready to show: the page and the text have the same ones."""

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sr_experiments.report import content as said
from sr_experiments.report.content import Content, Results

NONE, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
STATES = {
    "finished": "✓ finished",
    "running": "… running",
    "diverged": "✗ diverged",
    "dead": "✗ dead: the network puts out what it is given",
    "failed": "✗ failed",
    "killed": "✗ killed",
    "timeout": "✗ out of time",
    "interrupted": "✗ interrupted",
    "pruned": "✂ pruned",
    "waiting": "… waiting",
    "unreadable": "? unreadable",
}
#: Sign and colour of a verdict.
MARKS = {
    "shown": ("✓", "good"),
    "consistent with": ("~", "open"),
    "not shown": ("?", "open"),
    "contradicted": ("✗", "bad"),
}
_UNCHECKED = "* Published value given from memory, not checked against its source, of no verdict: "
_HALF_WIDTH = "±: half width of the confidence interval of the mean over seeds."


@dataclass(frozen=True)
class Column:
    """A column: its heading, that of several columns together, and whether it holds numbers."""

    label: str
    numeric: bool = False
    group: str = ""
    edge: bool = False  # the first of its group

    @property
    def classes(self) -> str:
        """For the style sheet."""
        return " ".join(["number"] * self.numeric + ["edge"] * self.edge)


@dataclass(frozen=True)
class Cell:
    """A cell: its text, what it is sorted by (None: missing), and what stands below it."""

    text: str
    key: float | str | None
    remark: str = ""
    kind: Literal["", "code", "why"] = ""


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row names it."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    hints: Sequence[str] = field(default=())

    @property
    def heads(self) -> list[str]:
        """The headings, each by itself."""
        return [f"{column.group} {column.label}".strip() for column in self.columns]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Headings of several columns and their numbers; none if no column has one."""
        found = itertools.groupby(self.columns, lambda column: column.group)
        spans = [(name, len(list(columns))) for name, columns in found]
        return spans if any(name for name, _ in spans) else []


def make_tables(content: Content) -> dict[str, Table]:
    """All tables of a report, by what they show; without results there is no table of them."""
    names = {each["id"]: each["name"] for each in content["variants"]}
    tables = {
        "claims": _claims(content["claims"]),
        "statistics": _statistics(content["statistics"], names),
        "varied": _varied(content["variants"]),
        "runs": _runs(content["runs"], names),
        "environment": _environment(content["environment"]),
    }
    if results := content["results"]:
        tables |= {"results": _results(results), "short": _short_results(results)}
    return tables


def _cell(text: str) -> Cell:
    return Cell(text or NONE, text or None)


def _number(text: str) -> Cell:
    """A cell that is sorted by the first number in its text."""
    found = re.search(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text.replace(MINUS, "-"), re.IGNORECASE)
    return Cell(text or NONE, float(found[0]) if found else None)


def _claims(claims: Sequence[said.Claim]) -> Table:
    rows = [
        [
            _cell(each["text"]),
            _cell(f"{MARKS.get(each['verdict'], '?')[0]} {each['verdict']}"),
            _cell(each["words"]),
        ]
        for each in claims
    ]
    return Table("Claims", [Column("claim"), Column("these runs"), Column("why")], rows)


def _statistics(statistics: Sequence[said.Statistic], names: Mapping[str, str]) -> Table:
    heads = {"final": "final", "best": "best", "area": "area under curve", "to_target": "to target"}
    columns = [
        Column("variant"),
        Column("runs"),
        *(Column(h, numeric=True) for h in heads.values()),
    ]
    rows = [
        [
            _cell(names.get(each["variant"], each["variant"])),
            _cell(each["runs"]),
            *(_number(str(each[key])) for key in heads),  # type: ignore[literal-required]
        ]
        for each in statistics
    ]
    return Table("Statistics", columns, rows)


def _runs(runs: Sequence[said.RunLine], names: Mapping[str, str]) -> Table:
    failed = any(run["error"] for run in runs)
    columns = [Column("variant"), Column("seed", numeric=True), Column("state")]
    columns += [Column("why")] * failed
    columns += [Column("time", numeric=True), Column("folder")]
    rows = [
        [
            _cell(names.get(run["variant"], run["variant"])),
            _number(run["seed"]),
            Cell(STATES.get(run["state"], run["state"]), run["state"]),
            *[Cell(run["error"] or NONE, run["error"] or None, kind="why")] * failed,
            Cell(duration(run["seconds"] or None), run["seconds"]),
            Cell(run["folder"], run["folder"], kind="code"),
        ]
        for run in runs
    ]
    return Table("Runs", columns, rows)


def _varied(variants: Sequence[said.VariantLine]) -> Table:
    keys = list(dict.fromkeys(key for each in variants for key in each["values"]))
    rows = [
        [
            _cell(each["name"]),
            *(_cell(each["values"].get(key, "")) for key in keys),
            _cell(", ".join(f"{count} {state}" for state, count in each["states"].items())),
        ]
        for each in variants
    ]
    return Table("What varied", [Column("variant"), *map(Column, keys), Column("runs")], rows)


def _environment(environment: Mapping[str, Any]) -> Table:
    texts = {key: v if isinstance(v, str) else as_json(v) for key, v in environment.items()}
    rows = [[_cell(key), _cell(text)] for key, text in texts.items()]
    return Table("Environment", [Column("what"), Column("value")], rows)


def _results(results: Results) -> Table:
    """Published and measured values side by side, with their differences."""
    digits, rows = results["digits"], results["rows"]
    compared = [
        any(row["cells"][place]["published"] is not None for row in rows)
        for place in range(len(results["columns"]))
    ]
    columns = [Column("method")]
    for name, both in zip(results["columns"], compared, strict=True):
        labels = ["published", "measured", "difference"] if both else ["measured"]
        columns += [Column(label, True, name, label == labels[0]) for label in labels]
    lines = []
    for row in rows:
        idle = row["variant"] is None and all(c["measured"] is None for c in row["cells"])
        line = [Cell(row["name"], row["name"], "not run here" * idle)]
        for cell, both in zip(row["cells"], compared, strict=True):
            published, measured = cell["published"], cell["measured"]
            seeds = f"{cell['seeds']} seed{'s' * (cell['seeds'] > 1)}" * (cell["seeds"] > 0)
            remark = " · ".join(filter(None, (seeds, cell["note"])))
            shown = [Cell(_measured(cell, digits), measured, remark)]
            if both:
                known = published is not None and measured is not None
                apart = measured - published if known else None  # type: ignore[operator]
                shown.insert(0, Cell(_published(cell, digits), published))
                shown.append(Cell(fixed(apart, digits, signed=True), apart))
            line += shown
        lines.append(line)
    return Table("Results", columns, lines, _hints(results))


def _short_results(results: Results) -> Table:
    """One column for published and measured value together, as "36.90* | 36.85 ± 0.04"."""
    columns = [Column("method"), *map(Column, results["columns"])]
    rows = [
        [
            Cell(row["name"], row["name"]),
            *(Cell(_short(cell, results["digits"]), None, cell["note"]) for cell in row["cells"]),
        ]
        for row in results["rows"]
    ]
    cells = [cell for row in results["rows"] for cell in row["cells"]]
    both = any(cell["published"] is not None for cell in cells)
    return Table("Results", columns, rows, ["Published | measured."] * both + _hints(results))


def _hints(results: Results) -> list[str]:
    cells = [cell for row in results["rows"] for cell in row["cells"]]
    halved = any(c["half_width"] is not None for c in cells)
    return _unchecked(results) + [_HALF_WIDTH] * halved


def _unchecked(results: Results) -> list[str]:
    """Names the published values that were not checked against their source."""
    named = []
    for row in results["rows"]:
        columns = [
            column
            for column, cell in zip(results["columns"], row["cells"], strict=True)
            if cell["published"] is not None and not cell["verified"]
        ]
        if columns:
            named.append(f"{row['name']} ({', '.join(columns)})")
    return [f"{_UNCHECKED}{'; '.join(named)}."] if named else []


def _published(cell: said.Cell, digits: int) -> str:
    mark = "*" * (cell["published"] is not None and not cell["verified"])
    return fixed(cell["published"], digits) + mark


def _measured(cell: said.Cell, digits: int) -> str:
    half = "" if cell["half_width"] is None else f" ± {fixed(cell['half_width'], digits)}"
    return fixed(cell["measured"], digits) + half * (cell["measured"] is not None)


def _short(cell: said.Cell, digits: int) -> str:
    measured = _measured(cell, digits)
    return measured if cell["published"] is None else f"{_published(cell, digits)} | {measured}"


def fixed(value: float | None, digits: int, signed: bool = False) -> str:
    """A number with a true minus sign; a dash where there is none.

    Args:
        value: the number.
        digits: its decimals.
        signed: whether a positive one has a plus sign.
    """
    if value is None:
        return NONE
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return f"{MINUS}{text}" if value < 0 else f"{'+' * signed}{text}"


def duration(seconds: float | None) -> str:
    """Seconds as "1 h 5 min", "3 min 20 s" or "12.3 s"."""
    if seconds is None:
        return NONE
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(whole / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def as_json(value: Any) -> str:
    """A value as JSON, what JSON does not know as its text."""
    return json.dumps(value, indent=2, default=str, ensure_ascii=False)

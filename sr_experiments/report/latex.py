"""The table of results for a paper: LaTeX with booktabs, and the same as CSV."""

import csv
import io
from collections.abc import Sequence

from sr_experiments.report.content import Cell
from sr_experiments.report.paper_table import Mark, PaperTable, half_width

_ESCAPES = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    **{sign: f"${sign}$" for sign in "<>|"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\n": " ",
    "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{MINUS SIGN}": "$-$",
    "\N{RIGHTWARDS ARROW}": r"$\to$",
    "\N{GREEK SMALL LETTER THETA}": r"$\theta$",
    "\N{GREEK SMALL LETTER SIGMA}": r"$\sigma$",
    "\N{GREATER-THAN OR EQUAL TO}": r"$\geq$",
    "\N{LESS-THAN OR EQUAL TO}": r"$\leq$",
    "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
}
_COLUMNS = (
    *("row", "column", "published", "verified", "measured"),
    *("half_width", "seeds", "rank", "differs", "note"),
)
_LAST_LATIN = 0x24F  # beyond, pdflatex has no letters without further packages


def render_latex(table: PaperTable) -> str:
    r"""Returns a ``table`` environment, which needs ``\usepackage{booktabs,graphicx}``.

    It is made smaller where it is wider than the text. Columns with published values are two: what
    was published, and what was measured.
    """
    results = table.results
    paired = [
        any(row["cells"][place]["published"] is not None for row in results["rows"])
        for place in range(len(results["columns"]))
    ]
    heads = [_head(name, two) for name, two in zip(results["columns"], paired, strict=True)]
    below = [" & published & measured" if two else " & " for two in paired]
    rows = [
        escape(row["name"])
        + "".join(
            _cells(cell, mark, two, results["digits"])
            for cell, mark, two in zip(row["cells"], marks, paired, strict=True)
        )
        for row, marks in zip(results["rows"], table.marks, strict=True)
    ]
    caption = escape(" ".join([f"{table.title}.", *table.caption]))
    lines = [
        "% needs \\usepackage{booktabs,graphicx}",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{caption}}}\smallskip",
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{l{''.join('rr' if two else 'r' for two in paired)}}}",
        r"\toprule",
        f"{''.join(heads)} \\\\",
        *([_rules(paired), f"{''.join(below)} \\\\"] if any(paired) else []),
        r"\midrule",
        *(f"{row} \\\\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def render_csv(table: PaperTable) -> str:
    """Returns a line for each cell, with what the LaTeX table says by its type."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(
        [
            "row",
            "column",
            "published",
            "verified",
            "measured",
            "half_width",
            "seeds",
            "rank",
            "differs",
            "note",
        ]
    )
    results = table.results
    for row, marks in zip(results["rows"], table.marks, strict=True):
        for column, cell, mark in zip(results["columns"], row["cells"], marks, strict=True):
            known = cell["published"] is not None
            rows.writerow(
                [
                    row["name"],
                    column,
                    *([cell["published"], cell["verified"]] if known else ["", ""]),
                    "" if cell["measured"] is None else cell["measured"],
                    "" if (half := half_width(cell)) is None else half,
                    cell["seeds"],
                    mark.rank or "",
                    mark.differs,
                    cell["note"],
                ]
            )
    return text.getvalue()


def escape(text: str) -> str:
    """A text whose signs LaTeX prints as they are; letters that it does not have become "?"."""
    return "".join(_ESCAPES.get(c, c if ord(c) <= _LAST_LATIN else "?") for c in text)


def _head(name: str, two: bool) -> str:
    return rf" & \multicolumn{{2}}{{c}}{{{escape(name)}}}" if two else f" & {escape(name)}"


def _rules(paired: Sequence[bool]) -> str:
    """A rule below each heading of two columns."""
    rules, place = [], 2
    for two in paired:
        if two:
            rules.append(rf"\cmidrule(lr){{{place}-{place + 1}}}")
        place += 1 + two
    return "".join(rules)


def _cells(cell: Cell, mark: Mark, two: bool, digits: int) -> str:
    published = "" if cell["published"] is None else f"{cell['published']:.{digits}f}"
    published += "?" * (not cell["verified"] and bool(published))
    return (f" & {published}" if two else "") + f" & {_measured(cell, mark, digits)}"


def _measured(cell: Cell, mark: Mark, digits: int) -> str:
    if cell["measured"] is None:
        return f"({escape(cell['note'])})" if cell["note"] else "--"
    text = f"{cell['measured']:.{digits}f}"
    text = {1: rf"\textbf{{{text}}}", 2: rf"\underline{{{text}}}"}.get(mark.rank, text)
    half = half_width(cell)
    text += f" $\\pm$ {half:.{digits}f}" if half is not None else ""
    text += "$^{*}$" * mark.differs
    return text + (f" ({escape(cell['note'])})" if cell["note"] else "")

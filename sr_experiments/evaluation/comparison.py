"""Several networks in one table: sets x scales x protocols, with costs, published values beside."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from sr_experiments import files, terminal
from sr_experiments.evaluation.benchmark import ImageScore, Row
from sr_experiments.evaluation.protocol import Protocol
from sr_experiments.evaluation.published_table import published_lines
from sr_experiments.evaluation.table import about, print_given

Line = dict[str, str | float | None]
_ABOUT = ("protocol", "degradation")
_COSTS = ("parameters", "multiply_adds", "seconds", "peak_memory")


@dataclass(frozen=True)
class Scored:
    """A network's scores under one protocol, and what it costs.

    Attributes:
        method: its name in the table.
        protocol: how it was scored.
        rows: of each set and scale.
        images: of each image.
        parameters: weights and biases.
        multiply_adds: for an output of 1280 x 720; None where they could not be counted.
        peak_memory: bytes beside those held before; None where the system does not tell.
    """

    method: str
    protocol: Protocol
    rows: Sequence[Row]
    images: Sequence[ImageScore]
    parameters: int | None = None
    multiply_adds: int | None = None
    peak_memory: int | None = None


def comparison_lines(scored: Sequence[Scored], papers: Sequence[str] = ()) -> list[Line]:
    """One line per set, scale, protocol and method: the baseline, the networks, what is published.

    Args:
        scored: the networks, each once for each protocol.
        papers: as `sr_experiments.published.read_published` takes them.
    """
    groups: dict[tuple[str, float, str, str], list[tuple[Scored, Row]]] = {}
    for each in scored:
        for row in each.rows:
            how = about(each.protocol)
            place = (row.benchmark, row.scale, how["protocol"], how["degradation"])
            groups.setdefault(place, []).append((each, row))
    return [line for members in groups.values() for line in _group(members, papers)]


def _group(members: Sequence[tuple[Scored, Row]], papers: Sequence[str]) -> Iterator[Line]:
    first, row = members[0]
    place: Line = {"set": row.benchmark, "scale": row.scale, **about(first.protocol)}
    further = [name for name in row.extra if not name.startswith("bicubic_")]
    interpolated = {name: row.extra[f"bicubic_{name}"] for name in further}
    baseline = first.protocol.baseline(row.scale)
    yield _line(place, baseline, row.bicubic_psnr, row.bicubic_ssim, interpolated)
    for each, own in members:
        costs = {
            "parameters": each.parameters,
            "multiply_adds": each.multiply_adds,
            "seconds": own.seconds,
            "peak_memory": each.peak_memory,
        }
        extra = {name: own.extra[name] for name in further}
        yield _line(place, each.method, own.psnr, own.ssim, extra, **costs)
    for *_, method, psnr, ssim, source in published_lines([row], first.protocol.channel, papers):
        none = dict.fromkeys(further)
        yield _line(place, method, psnr or None, ssim or None, none, published_in=source)


def _line(
    place: Line,
    method: str,
    psnr: str | float | None,
    ssim: str | float | None,
    further: Line | dict[str, float] | dict[str, None],
    **others: str | float | None,
) -> Line:
    columns = {**dict.fromkeys((*_COSTS, "published_in")), **others}
    return {**place, "method": method, "psnr": psnr, "ssim": ssim, **further, **columns}


def print_comparison(lines: Sequence[Line], scored: Sequence[Scored]) -> None:
    """Prints the table under the protocols, with the columns that hold something.

    Args:
        lines: of `comparison_lines`.
        scored: what they were made of.
    """
    for protocol in dict.fromkeys(str(each.protocol) for each in scored):
        print(protocol)
    print_given(scored[0].rows)
    names, rows = _shown(lines)
    table = Table()
    for name in names:
        left = name in ("set", "protocol", "degradation", "method", "published in")
        table.add_column(name, justify="left" if left else "right")
    for i, row in enumerate(rows):
        table.add_row(*row, end_section=_ends(lines, i))
    terminal.print_table(table)


def write_comparison(lines: Sequence[Line], folder: Path) -> None:
    """Writes ``comparison.csv`` (all digits), ``comparison.md`` and ``comparison.tex``.

    Args:
        lines: of `comparison_lines`.
        folder: gets the files.
    """
    files.write_table(folder / "comparison.csv", lines)
    names, rows = _shown(lines, best=("**", "**"))
    body = [f"| {' | '.join(row)} |" for row in (names, ["---"] * len(names), *rows)]
    files.write_whole(folder / "comparison.md", "\n".join(body) + "\n")
    files.write_whole(folder / "comparison.tex", _latex(lines))


def write_images(scored: Iterable[Scored], path: Path) -> None:
    """Writes the scores of each image as CSV, with method, protocol and degradation in each line.

    Args:
        scored: the networks.
        path: the file.
    """
    lines = [
        {"method": each.method, **image, **about(each.protocol)}
        for each in scored
        for image in each.images
    ]
    files.write_table(path, lines)


def _latex(lines: Sequence[Line]) -> str:
    """A tabular of booktabs; the best of what was measured is bold."""
    names, rows = _shown(lines, best=(r"\textbf{", "}"))
    kinds = "".join("l" if n in ("set", "method", *_ABOUT, "published in") else "r" for n in names)
    text = [rf"\begin{{tabular}}{{{kinds}}}", r"\toprule"]
    text += [" & ".join(map(_escaped, names)) + r" \\", r"\midrule"]
    for i, row in enumerate(rows):
        text.append(" & ".join(map(_escaped, row)) + r" \\")
        if _ends(lines, i) and i + 1 < len(rows):
            text.append(r"\midrule")
    return "\n".join([*text, r"\bottomrule", r"\end{tabular}", ""])


def _escaped(text: str) -> str:
    for mark in "&%$#_":
        text = text.replace(mark, rf"\{mark}")
    return text


def _ends(lines: Sequence[Line], i: int) -> bool:
    """Whether a line is the last of its set, scale and protocol."""
    return i + 1 == len(lines) or _place(lines[i]) != _place(lines[i + 1])


def _place(line: Line) -> tuple[str | float | None, ...]:
    return tuple(line[key] for key in ("set", "scale", *_ABOUT))


def _shown(
    lines: Sequence[Line], best: tuple[str, str] = ("", "")
) -> tuple[list[str], list[list[str]]]:
    """Headings and texts, without columns that are empty, or the same for all of `_ABOUT`.

    Args:
        lines: of `comparison_lines`.
        best: what stands around the best measured PSNR and SSIM of a place.
    """
    columns = [name for name in lines[0] if any(line[name] not in (None, "") for line in lines)]
    alike = [name for name in _ABOUT if len({line[name] for line in lines}) == 1]
    columns = [name for name in columns if name not in alike and name != "scale"]
    leading: dict[tuple[str, object], float] = {}
    for line in lines:
        for name in ("psnr", "ssim"):
            if isinstance(value := line[name], float):
                key = (name, _place(line))
                leading[key] = max(value, leading.get(key, value))
    rows = []
    for line in lines:
        texts = {name: _text(name, line) for name in columns}
        for name in ("psnr", "ssim"):
            if leading.get((name, _place(line))) == line[name]:
                texts[name] = texts[name].join(best)
        rows.append(list(texts.values()))
    return [_HEADINGS.get(name, name) for name in columns], rows


_HEADINGS = {
    "psnr": "PSNR",
    "ssim": "SSIM",
    "multiply_adds": "multiply-adds",
    "seconds": "s/image",
    "peak_memory": "peak MB",
    "published_in": "published in",
}


def _text(name: str, line: Line) -> str:
    value = line[name]
    if name == "set":
        return f"{value} x{line['scale']:g}"
    if value is None or isinstance(value, str):
        return value or ""
    if name == "parameters":
        return f"{value:,}"
    if name == "multiply_adds":
        return f"{value / 1e9:,.1f} G"
    if name == "peak_memory":
        return f"{value / 1e6:,.0f}"
    return f"{value:.{3 if name in ('psnr', 'seconds') else 4}f}"

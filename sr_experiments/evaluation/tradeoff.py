"""Distortion against perception: one line per method (Blau and Michaeli, CVPR 2018)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sr_experiments.evaluation.benchmark import Row
from sr_experiments.evaluation.protocol import Protocol
from sr_experiments.evaluation.table import about, print_given
from sr_experiments.files import write_table

Runs = Mapping[str, Sequence[Row]]


def print_tradeoff(runs: Runs, protocol: Protocol) -> None:
    """Prints PSNR, SSIM and the further measures of the baseline and of each run, set by set."""
    lines = list(_lines(runs, protocol))
    table = Table(title=str(protocol), title_justify="left", title_style="")
    for name in lines[0]:
        table.add_column(name, justify="left" if name in ("set", "method") else "right")
    for line in lines:
        table.add_row(*(f"{v:.4f}" if isinstance(v, float) else v for v in line.values()))
    print_given(next(iter(runs.values())))
    console = Console()
    Console(width=max(console.width, 110)).print(table)


def write_tradeoff(runs: Runs, protocol: Protocol, path: Path) -> None:
    """Writes the same as CSV, with the protocol's label in each line."""
    write_table(path, [{**line, **about(protocol)} for line in _lines(runs, protocol)])


def _lines(runs: Runs, protocol: Protocol) -> Iterator[dict[str, str | float]]:
    first = next(iter(runs.values()))
    for i, row in enumerate(first):
        place = f"{row.benchmark} x{row.scale:g}"
        measures = [name for name in row.others if not name.startswith("bicubic_")]
        interpolated = {name: row.others[f"bicubic_{name}"] for name in measures}
        yield _line(
            place, protocol.baseline(row.scale), row.bicubic_psnr, row.bicubic_ssim, interpolated
        )
        for method, rows in runs.items():
            values = {name: rows[i].others[name] for name in measures}
            yield _line(place, method, rows[i].psnr, rows[i].ssim, values)


def _line(
    place: str, method: str, psnr: float, ssim: float, others: Mapping[str, float]
) -> dict[str, str | float]:
    return {"set": place, "method": method, "psnr": psnr, "ssim": ssim, **others}

"""Scores as a table: for people, and as a file."""

import csv
import math
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sr_experiments.evaluation.benchmark import Row
from sr_experiments.evaluation.protocol import Protocol


def print_table(rows: Sequence[Row], protocol: Protocol, method: str) -> None:
    """Prints the baseline, the method and the gain for each set and scale, under the protocol."""
    table = Table()
    for heading in ("set", "scale", "images"):
        table.add_column(heading)
    baseline = " / ".join(sorted({protocol.baseline(row.scale) for row in rows}))
    for heading in (f"{baseline} PSNR", "SSIM", f"{method} PSNR", "SSIM", "gain dB"):
        table.add_column(heading, justify="right")
    measures = [name for name in rows[0].others if not name.startswith("bicubic_")]
    for measure in measures:
        table.add_column(f"{baseline} {measure}", justify="right")
        table.add_column(measure, justify="right")
    for row in rows:
        table.add_row(
            row.benchmark,
            f"x{row.scale:g}",
            str(row.images),
            f"{row.bicubic_psnr:.3f}",
            f"{row.bicubic_ssim:.4f}",
            f"{row.psnr:.3f}",
            f"{row.ssim:.4f}",
            "-" if math.isnan(row.gain) else f"{row.gain:+.3f}",
            *(f"{value:.4f}" for value in row.others.values()),
        )
    # A pipe has no width of its own; the table must not be folded there.
    print(protocol)
    Console(width=max(Console().width, 110)).print(table)


def write_table(rows: Sequence[Row], protocol: Protocol, path: Path) -> None:
    """Writes the rows as CSV with the protocol's label in each."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer: csv.DictWriter[str] | None = None
        for row in rows:
            values = asdict(row)
            line = values.pop("others")
            line = {**values, **line, "gain": row.gain, "protocol": protocol.label}
            line["degradation"] = str(protocol.degradation or "")
            if writer is None:
                writer = csv.DictWriter(file, list(line))
                writer.writeheader()
            writer.writerow(line)
    temporary.replace(path)

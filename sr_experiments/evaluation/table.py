"""Scores of a network as tables, for people and as files."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from sr_experiments import files, terminal
from sr_experiments.evaluation.benchmark import ImageScore, Row
from sr_experiments.evaluation.protocol import Protocol


def print_table(rows: Sequence[Row], protocol: Protocol, method: str | None) -> None:
    """Prints the baseline, the method and the gain for each set and scale, under the protocol.

    Args:
        rows: the scores.
        protocol: theirs.
        method: what the network is called; None: there is the baseline alone.
    """
    table = Table()
    for heading in ("set", "scale", "images"):
        table.add_column(heading)
    baseline = " / ".join(sorted({protocol.baseline(row.scale) for row in rows}))
    compared = [f"{method} PSNR", "SSIM", "gain dB"] if method else []
    for heading in (f"{baseline} PSNR", "SSIM", *compared):
        table.add_column(heading, justify="right")
    further = [name for name in rows[0].extra if not name.startswith("bicubic_")]
    for metric in further:
        for heading in (f"{baseline} {metric}", metric)[: 2 if method else 1]:
            table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(row.benchmark, f"x{row.scale:g}", str(row.images), *_scores(row, method))
    print(protocol)
    print_given(rows)
    terminal.print_table(table)


def _scores(row: Row, method: str | None) -> list[str]:
    scores = [f"{row.bicubic_psnr:.3f}", f"{row.bicubic_ssim:.4f}"]
    if not method:
        others = (value for name, value in row.extra.items() if name.startswith("bicubic_"))
        return scores + [f"{value:.4f}" for value in others]
    scores += [f"{row.psnr:.3f}", f"{row.ssim:.4f}"]
    scores.append("-" if math.isnan(row.psnr_gain) else f"{row.psnr_gain:+.3f}")
    return scores + [f"{value:.4f}" for value in row.extra.values()]


def print_given(rows: Sequence[Row]) -> None:
    """Says which low-resolution images are not the protocol's."""
    given = [f"{row.benchmark} x{row.scale:g}" for row in rows if row.low_resolution == "files"]
    if given:
        print(f"LR of {', '.join(given)}: the files of data.low_resolution")


def write_table(rows: Sequence[Row], protocol: Protocol, path: Path) -> None:
    """Writes the rows as CSV, with the protocol's label and the degradation in each.

    Args:
        rows: the scores.
        protocol: theirs.
        path: the file.
    """
    lines = []
    for row in rows:
        values = asdict(row)
        others = values.pop("extra")
        lines.append({**values, **others, "gain": row.psnr_gain, **about(protocol)})
    files.write_table(path, lines)


def write_images(images: Sequence[ImageScore], protocol: Protocol, path: Path) -> None:
    """Writes the scores of each image as CSV, as :func:`write_table` those of each set.

    Args:
        images: the scores of each image.
        protocol: theirs.
        path: the file.
    """
    files.write_table(path, [{**line, **about(protocol)} for line in images])


def about(protocol: Protocol) -> dict[str, str]:
    """How numbers in a file came about."""
    return {"protocol": protocol.label, "degradation": str(protocol.degradation or "")}

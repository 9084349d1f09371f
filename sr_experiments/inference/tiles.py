"""Where to cut an image, so that its parts fit into memory and their results fit together."""

from itertools import pairwise
from typing import NamedTuple

Span = tuple[int, int]  # start and end


class Tile(NamedTuple):
    """A rectangle, as rows and columns [start, end), with what has to be seen around it."""

    rows: Span
    columns: Span
    seen_rows: Span
    seen_columns: Span


def plan_tiles(
    size: tuple[int, int], pixels: int, overlap: int, align: int = 1
) -> list[list[Tile]] | None:
    """Cuts an image into rows of tiles, by whatever number of each that costs least.

    Args:
        size: height and width.
        pixels: that a tile may have with its overlap.
        overlap: pixels to be seen on each side.
        align: seen parts begin at multiples of this, and end at such distances from the end.

    Returns:
        None where no tile is small enough.
    """
    height, width = size
    best: tuple[int, int, int] | None = None
    for step in _steps(width):
        columns = _cut(width, step, overlap, align)
        allowed = pixels // max(b - a for _, (a, b) in columns)
        tall = height if allowed >= height else allowed - 2 * overlap - 2 * (align - 1)
        if tall >= 1:
            rows = _cut(height, tall, overlap, align)
            cost = sum(b - a for _, (a, b) in columns) * sum(b - a for _, (a, b) in rows)
            best = min(best or (cost, tall, step), (cost, tall, step))
    if best is None:
        return None
    rows, columns = (_cut(n, step, overlap, align) for n, step in zip(size, best[1:], strict=True))
    return [[Tile(r, c, seen_r, seen_c) for c, seen_c in columns] for r, seen_r in rows]


def _steps(length: int) -> list[int]:
    """Lengths of parts that are worth trying, each shorter by a ninth."""
    steps = [length]
    while steps[-1] > 8:
        steps.append(steps[-1] * 8 // 9)
    return steps


def _cut(length: int, step: int, overlap: int, align: int) -> list[tuple[Span, Span]]:
    """Parts of equal length, each with what is seen of it."""
    count = -(-length // step)
    ends = [length * i // count for i in range(count + 1)]
    parts: list[tuple[Span, Span]] = []
    for start, end in pairwise(ends):
        first = max(0, start - overlap) // align * align
        last = min(length, end + overlap)
        last = length - (length - last) // align * align
        parts.append(((start, end), (first, last)))
    return parts

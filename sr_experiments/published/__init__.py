"""Values that papers print, one CSV a paper; read by studies and by ``evaluate.py``.

Columns: ``source`` and ``table``; ``method`` as in the source, or the variant of a study that
reproduces it; ``set`` and ``scale``; ``metric`` as this project names it (``psnr_y``, ``ssim_y``,
``psnr_rgb``, ``seconds``), with ``@0.25`` for a value after that share of training; ``value`` in dB
for PSNR and in seconds for times; ``verified``: false where the source itself was not at hand.
"""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sr_experiments.errors import ConfigError

_COLUMNS = ["source", "table", "method", "set", "scale", "metric", "value", "verified"]


@dataclass(frozen=True)
class PublishedValue:
    """One line of a CSV; ``set`` is in small letters and names no file."""

    source: str
    table: str
    method: str
    set: str
    scale: float
    metric: str
    value: float
    verified: bool


def papers() -> list[str]:
    """The papers whose values come with the package."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.csv"))


def chosen_papers(chosen: str | Sequence[str]) -> list[str]:
    """One paper or several as a list; each has been read, so that a mistake is told at once.

    Raises:
        ConfigError: there is no such paper, or a line of its file is wrong.
    """
    names = [chosen] if isinstance(chosen, str) else list(chosen)
    for name in names:
        read_published(name)
    return names


@cache
def read_published(paper: str) -> tuple[PublishedValue, ...]:
    """The values of a paper, in the order of its file.

    Args:
        paper: one of :func:`papers`, or the path of a CSV with the same columns.

    Raises:
        ConfigError: there is no such file, or a line of it is wrong.
    """
    own = paper.endswith(".csv")
    path = Path(paper).expanduser() if own else Path(__file__).parent / f"{paper}.csv"
    if not path.is_file():
        known = f"no such paper; known are {' '.join(papers())}, or give the path of a CSV"
        raise ConfigError(f"published={paper}: {'no such file' if own else known}")
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file)
        if lines.fieldnames != _COLUMNS:
            raise ConfigError(f"{path}: the first line must be {','.join(_COLUMNS)}")
        return tuple(_value(line, f"{path}:{lines.line_num}") for line in lines)


def _value(line: dict[str, str], where: str) -> PublishedValue:
    if None in line or None in line.values():
        raise ConfigError(f"{where}: expected {len(_COLUMNS)} values")
    try:
        scale, value = float(line["scale"]), float(line["value"])
    except ValueError:
        scale = value = math.nan
    if not (math.isfinite(scale) and math.isfinite(value)):
        raise ConfigError(
            f"{where}: scale and value must be numbers, got {line['scale']} and {line['value']}"
        )
    if line["verified"] not in ("true", "false"):
        raise ConfigError(f"{where}: verified must be true or false, got {line['verified']}")
    known = {"scale": scale, "value": value, "verified": line["verified"] == "true"}
    return PublishedValue(**{**line, "set": line["set"].lower(), **known})  # type: ignore[arg-type]

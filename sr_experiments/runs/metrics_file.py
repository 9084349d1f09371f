"""``metrics.csv`` and ``results.csv`` of a run folder, read back."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sr_experiments.runs.run_files import METRICS

#: Among a run's metrics: how many of its test images were scored during training too.
SEEN = "test/seen_in_validation"
_AXES = ("epoch", "step", "train/seconds", "seconds")


@dataclass(frozen=True)
class Curve:
    """One metric over a run; all arrays are float64 [N], steps ascending.

    Attributes:
        epoch: epochs done when the value was taken: 1, 2, ...
        step: optimizer steps done: 10, 20, ...
        seconds: seconds of training until then; NaN where the run did not record them.
        value: the metric.
    """

    epoch: NDArray[np.float64]
    step: NDArray[np.float64]
    seconds: NDArray[np.float64]
    value: NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """What ``metrics.csv`` holds.

    Attributes:
        curves: metrics over training.
        newest: the last value of each metric, of the test sets too.
        cut: whether its last row was cut off, as while it is being written.
    """

    curves: dict[str, Curve]
    newest: dict[str, float]
    cut: bool


def read_metrics(path: Path) -> Measured:
    """Reads ``metrics.csv``; nothing where there is no such file.

    Raises:
        ValueError: it is not such a file, or broken before its last row.
        OSError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Measured({}, {}, cut=False)
    whole, _, rest = text.rpartition("\n")
    if not whole:
        return Measured({}, {}, cut=bool(rest))
    header, *rows = list(csv.reader(whole.splitlines()))
    if "step" not in header or "epoch" not in header:
        raise ValueError("has no columns epoch and step")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise ValueError(f"has {len(row)} instead of {len(header)} values in line {number}")
    columns = {
        name: np.array([float(cell) if cell else math.nan for cell in column])
        for name, column in zip(header, zip(*rows, strict=True), strict=False)
    }
    values = {name: column for name, column in columns.items() if name not in _AXES}
    newest = {name: _last(column) for name, column in values.items() if _any(column)}
    return Measured(_curves(columns, values), newest, cut=bool(rest))


def steps_done(folder: Path) -> int:
    """Optimizer steps done by a run, by the end of its ``metrics.csv``; 0 without one."""
    try:
        with (folder / METRICS).open("rb") as file:
            names = next(csv.reader([file.readline().decode()]))
            file.seek(max(file.tell(), file.seek(0, 2) - 4096))
            rows = list(csv.reader(file.read().decode().splitlines()))
    except (OSError, ValueError, StopIteration):
        return 0
    whole = [dict(zip(names, row, strict=True)) for row in rows if len(row) == len(names)]
    whole = [row for row in whole if row["step"].isdigit()]
    if not whole:
        return 0
    # Rows of training and validation carry the last step's index, those of the test its count.
    is_test = any(value for name, value in whole[-1].items() if name.startswith("test/"))
    return int(whole[-1]["step"]) + (0 if is_test else 1)


def read_results(path: Path, channel: str) -> tuple[dict[str, float], dict[str, float], str]:
    """The scores in ``results.csv`` of the network and of bicubic interpolation, and the protocol.

    Args:
        path: the file; without it there are no scores.
        channel: "y" or "rgb", a part of the metrics' names.

    Raises:
        ValueError: it is not such a file.
        OSError: it cannot be read.
    """
    if not path.exists():
        return {}, {}, ""
    text = path.read_text(encoding="utf-8")
    if not text.endswith("\n"):
        raise ValueError("ends in the middle of a row")
    scores: dict[str, float] = {}
    bicubic: dict[str, float] = {}
    protocol = ""
    for row in csv.DictReader(text.splitlines()):
        if not {"benchmark", "scale"} <= row.keys() or None in row.values():
            raise ValueError("has no columns benchmark and scale, or a row that is too short")
        protocol = row.get("protocol", "")
        key = f"test/{row['benchmark']}_x{float(row['scale']):g}"
        for name, cell in row.items():
            if f"bicubic_{name}" in row:
                full = f"{key}/{name}_{channel}" if name in ("psnr", "ssim") else f"{key}/{name}"
                scores[full], bicubic[full] = float(cell), float(row[f"bicubic_{name}"])
    return scores, bicubic, protocol


def _curves(
    columns: dict[str, NDArray[np.float64]], values: dict[str, NDArray[np.float64]]
) -> dict[str, Curve]:
    if not columns:
        return {}
    step, epoch = columns["step"] + 1, columns["epoch"] + 1
    validated = _union([column for name, column in values.items() if name.startswith("val/")])
    if validated.any():
        # Rows between validations lie within an epoch.
        last = np.flatnonzero(validated)[-1]
        epoch = np.where(validated, epoch, step * epoch[last] / step[last])
    seconds = _seconds(columns, step)
    curves = {}
    for name, column in values.items():
        if name.startswith("test/") or not _any(column):
            continue
        rows = np.flatnonzero(~np.isnan(column))
        # A continued run may have measured a step twice; the later value counts.
        _, first = np.unique(step[rows][::-1], return_index=True)
        kept = rows[::-1][first]
        curves[name] = Curve(epoch[kept], step[kept], seconds[kept], column[kept])
    return curves


def _seconds(
    columns: dict[str, NDArray[np.float64]], step: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Seconds of training in every row, between recorded ones by the step."""
    recorded = next((columns[name] for name in _AXES[2:] if name in columns), None)
    if recorded is None or not _any(recorded):
        return np.full(len(step), math.nan)
    known = np.flatnonzero(~np.isnan(recorded))
    known = known[np.argsort(step[known], kind="stable")]
    return np.interp(step, np.r_[0.0, step[known]], np.r_[0.0, recorded[known]])


def _union(columns: Sequence[NDArray[np.float64]]) -> NDArray[np.bool_]:
    return np.any([~np.isnan(column) for column in columns], axis=0) if columns else np.array(False)


def _any(column: NDArray[np.float64]) -> bool:
    return not bool(np.isnan(column).all())


def _last(column: NDArray[np.float64]) -> float:
    return float(column[~np.isnan(column)][-1])

"""The values behind a report as tables: every measurement of every run."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from sr_experiments.files import write_whole
from sr_experiments.report.subject import Subject
from sr_experiments.studies.run import Run

_CURVES = ("configuration", "seed", "run", "metric", "epoch", "step", "seconds", "value")
_RESULTS = ("configuration", "seed", "run", "state", "metric", "value", "bicubic")

Value = str | int | float | None


def write_curves(subject: Subject, folder: Path) -> tuple[list[Path], str]:
    """Writes ``curves.csv``, and ``curves.parquet`` if pyarrow is installed.

    Returns:
        The files, and what to do for the one that is missing.
    """
    rows = list(_measurements(subject))
    path = folder / "curves.csv"
    _write(path, _CURVES, rows)
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return [path], "for curves.parquet: pip install 'sr-experiments[parquet]'"
    kinds = [pa.string(), pa.int64(), *[pa.string()] * 2, *[pa.float64()] * 4]
    columns = list(zip(*rows, strict=True)) or [()] * len(_CURVES)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    parquet = folder / "curves.parquet"
    temporary = parquet.with_name(f".{parquet.name}")
    pq.write_table(pa.Table.from_arrays(arrays, names=list(_CURVES)), temporary)
    temporary.replace(parquet)
    return [path, parquet], ""


def write_results(subject: Subject, folder: Path) -> Path:
    """Writes ``results.csv``: the newest value of each metric of each run."""
    rows: list[tuple[Value, ...]] = [
        (name, run.seed, str(run.folder), run.state, metric, value, run.bicubic.get(metric))
        for name, run in _runs(subject)
        for metric, value in run.metrics.items()
    ]
    path = folder / "results.csv"
    _write(path, _RESULTS, rows)
    return path


def _runs(subject: Subject) -> Iterator[tuple[str, Run]]:
    for group in subject.groups:
        for run in (*group.counted, *group.runs.set_aside):
            yield group.name, run


def _measurements(subject: Subject) -> Iterator[tuple[Value, ...]]:
    for name, run in _runs(subject):
        for metric, curve in run.curves.items():
            axes = (curve.epoch, curve.step, curve.seconds, curve.value)
            for values in zip(*(axis.tolist() for axis in axes), strict=True):
                # A time that was not recorded is NaN, which is not equal to itself.
                known = (value if value == value else None for value in values)
                yield (name, run.seed, str(run.folder), metric, *known)


def _write(path: Path, header: tuple[str, ...], rows: list[tuple[Value, ...]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_whole(path, text.getvalue())

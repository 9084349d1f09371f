"""The values behind a report as tables: every measurement of every run."""

from pathlib import Path
from typing import TYPE_CHECKING

from sr_experiments.files import whole_file
from sr_experiments.report.inputs import ReportInputs
from sr_experiments.runs import curves_table

if TYPE_CHECKING:
    import pandas as pd


def write_curves(inputs: ReportInputs, folder: Path) -> tuple[list[Path], str]:
    """Writes ``curves.csv``, and ``curves.parquet`` if pyarrow is installed.

    Returns:
        The files, and what to do for the one that is missing.
    """
    named = {str(run.folder): (name, run) for name, run in inputs.named_runs}
    table = curves_table(run for _, run in named.values())
    table.insert(0, "variant", [named[run][0] for run in table["run"]])
    path, parquet = folder / "curves.csv", folder / "curves.parquet"
    _write(table, path)
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return [path], "for curves.parquet: pip install 'sr-experiments[parquet]'"
    with whole_file(parquet) as file:
        table.to_parquet(file, index=False)
    return [path, parquet], ""


def write_results(inputs: ReportInputs, folder: Path) -> Path:
    """Writes ``results.csv``: the newest value of each metric of each run."""
    import pandas as pd

    rows = [
        (name, run.seed, str(run.folder), run.state, metric, value, run.bicubic.get(metric))
        for name, run in inputs.named_runs
        for metric, value in run.metrics.items()
    ]
    names = ["variant", "seed", "run", "state", "metric", "value", "bicubic"]
    path = folder / "results.csv"
    _write(pd.DataFrame(rows, columns=names).astype({"seed": "Int64"}), path)
    return path


def _write(table: "pd.DataFrame", path: Path) -> None:
    with whole_file(path) as file:
        table.to_csv(file, index=False)

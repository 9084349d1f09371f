"""The run folder: its layout, record, states, identity and continuation, and runs as tables."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from sr_experiments.runs.read import Run

# pandas and NumPy are imported where tables are made, since every command imports this package.


def load_runs(paths: Sequence[str | Path]) -> "pd.DataFrame":
    """Reads runs into a table, one row a run.

    Args:
        paths: run folders, sweep folders, or folders with any of these below them.

    Returns:
        ``run`` (the folder), ``name`` (what was typed), ``state``, ``kind`` and ``error`` (why it
        did not finish), ``seconds`` (wall clock); then the resolved configuration by its paths, as
        ``seed`` and ``optim.lr``, with lists as tuples; then the newest value of each metric, as
        ``test/set5_x2/psnr_y``. What a run has not is missing (NaN or None).

    Raises:
        ConfigError: a path does not exist, or there is no run in it.

    Examples:
        >>> runs = load_runs(["multirun_sweeps/train/sweep"])  # two rates, two seeds
        >>> runs.groupby("optim.lr")["test/psnr"].agg(["mean", "std"]).round(2)
                  mean   std
        optim.lr
        0.01      32.6  0.14
        0.10      33.1  0.14
    """
    import pandas as pd

    from sr_experiments.runs.identity import flatten, run_name
    from sr_experiments.runs.read import read_runs

    rows = []
    for run in read_runs(paths):
        config = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in flatten(run.config).items()
        }
        about = {
            "run": str(run.folder),
            "name": run_name(run.config, run.overrides) or run.folder.name,
            "state": run.state,
            "kind": run.kind or None,
            "error": run.error or None,
            "seconds": run.seconds,
        }
        rows.append({**about, **config, **run.metrics})
    return pd.DataFrame(rows)


def load_curves(paths: Sequence[str | Path]) -> "pd.DataFrame":
    """Reads what runs measured during training into a table, one row a measurement.

    Args:
        paths: as of :func:`load_runs`.

    Returns:
        ``run`` (the folder), ``seed``, ``metric``, ``epoch`` and ``step`` (done when it was
        measured), ``seconds`` (of training; NaN where not recorded), ``value``.

    Raises:
        ConfigError: a path does not exist, or there is no run in it.

    Examples:
        >>> curves = load_curves(["multirun_sweeps/train/sweep"])
        >>> val = curves[curves.metric == "val/set5_x2/psnr_y"]
        >>> val.groupby("epoch").value.mean().tolist()
        [30.85, 31.85, 32.85]
    """
    from sr_experiments.runs.read import read_runs

    return curves_table(read_runs(paths))


def curves_table(runs: Iterable["Run"]) -> "pd.DataFrame":
    """The curves of runs that have been read, as :func:`load_curves` returns them."""
    import pandas as pd

    types: dict[str, Any] = {"run": str, "seed": "Int64", "metric": str}
    types |= dict.fromkeys(("epoch", "step", "seconds", "value"), "float64")
    parts = [
        pd.DataFrame(
            {
                "run": str(run.folder),
                "seed": run.seed,
                "metric": metric,
                "epoch": curve.epoch,
                "step": curve.step,
                "seconds": curve.seconds,
                "value": curve.value,
            }
        )
        for run in runs
        for metric, curve in run.curves.items()
    ]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(types))
    return table.astype(types)

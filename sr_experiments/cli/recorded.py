"""Keeps ``status.json`` true, however a run ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytorch_lightning as pl
from torch import distributed

from sr_experiments.cli.loggers import close
from sr_experiments.cli.run_folder import RunFolder


@contextmanager
def recorded(folder: RunFolder, trainer: pl.Trainer) -> Iterator[dict[str, float]]:
    """Records how the enclosed run ends; it may put its final metrics into the yielded mapping."""
    metrics: dict[str, float] = {}
    exit_code = 0
    try:
        yield metrics
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt | SystemExit)
        state, exit_code = ("interrupted", 255) if interrupted else ("failed", 1)
        newest = {k: float(v) for k, v in trainer.callback_metrics.items()}
        folder.status(state, newest, f"{type(error).__name__}: {error}")
        raise
    else:
        folder.status("finished", metrics)
    finally:
        close(trainer.loggers, exit_code, folder.path)
    if distributed.is_available() and distributed.is_initialized():
        # Or its threads may abort Python at its end, and a finished run would count as killed.
        distributed.destroy_process_group()

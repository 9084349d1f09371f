"""Keeps ``status.json`` true, however a run ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytorch_lightning as pl

from sr_experiments.cli.run_folder import RunFolder


@contextmanager
def recorded(folder: RunFolder, trainer: pl.Trainer) -> Iterator[dict[str, float]]:
    """Records how the enclosed run ends; it may put its final metrics into the yielded mapping."""
    metrics: dict[str, float] = {}
    try:
        yield metrics
    except BaseException as error:
        state = "interrupted" if isinstance(error, KeyboardInterrupt | SystemExit) else "failed"
        newest = {k: float(v) for k, v in trainer.callback_metrics.items()}
        folder.status(state, newest, f"{type(error).__name__}: {error}")
        raise
    else:
        folder.status("finished", metrics)
    finally:
        for logger in trainer.loggers:
            if isinstance(logger, pl.loggers.WandbLogger):
                # Or a later run in this process would write into this one.
                import wandb

                wandb.finish()

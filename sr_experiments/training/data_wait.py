"""How long steps wait for data."""

import time
from typing import Any

import pytorch_lightning as pl


class DataWait(pl.Callback):
    """Logs ``train/data_wait``: the share, 0..1, of a step's time that was spent on its batch.

    The data module's loader counts the seconds until a batch was handed over; they are compared
    with the time from step to step, both summed over ``log_every_n_steps`` steps. Validation and
    the starts of epochs count for neither.
    """

    def __init__(self) -> None:
        self.started: float | None = None
        self.before = self.waited = self.passed = 0.0

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Adds the time since the last step."""
        total = getattr(trainer.train_dataloader, "waited", None)
        if total is None:
            return  # not a loader of ours
        now = time.perf_counter()
        if self.started is not None:
            self.waited += total - self.before
            self.passed += now - self.started
            pl_module.log("train/data_wait", self.waited / self.passed)
            every = trainer.log_every_n_steps  # type: ignore[attr-defined]
            if every and trainer.global_step % every == 0:
                self.waited = self.passed = 0.0
        self.started, self.before = now, total

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """The first batch of an epoch has no step before it."""
        self.started = None

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """What comes now is no training step."""
        self.started = None

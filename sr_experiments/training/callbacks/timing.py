"""How long training has taken so far, and how long its steps wait for data."""

import time
from typing import Any

import pytorch_lightning as pl


class TrainingTimer(pl.Callback):
    """Logs ``train/seconds`` beside the scores: seconds of training, without those of scoring.

    A continued run goes on counting where its checkpoint stood.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.since: float | None = None

    @property
    def state_key(self) -> str:
        """That of checkpoints of version 0.1.0."""
        return "Clock"

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts."""
        self.since = time.perf_counter()

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Pauses while images are scored."""
        self._pause()

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Logs, in the row of the scores."""
        if trainer.training or trainer.validating:
            pl_module.log("train/seconds", self.seconds)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Goes on; checkpoints follow."""
        if not trainer.sanity_checking:
            self.since = time.perf_counter()

    def state_dict(self) -> dict[str, Any]:
        """The seconds, for a checkpoint."""
        running = 0.0 if self.since is None else time.perf_counter() - self.since
        return {"seconds": self.seconds + running}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over the seconds of a checkpoint."""
        self.seconds = state_dict["seconds"]

    def _pause(self) -> None:
        if self.since is not None:
            self.seconds += time.perf_counter() - self.since
            self.since = None


class DataWaitMonitor(pl.Callback):
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
        total = getattr(trainer.train_dataloader, "wait_seconds", None)
        if total is None:
            return  # not a loader of ours
        now = time.perf_counter()
        if self.started is not None:
            self.waited += total - self.before
            self.passed += now - self.started
            if trainer._logger_connector.should_update_logs:
                pl_module.log("train/data_wait", self.waited / self.passed)
                self.waited = self.passed = 0.0
        self.started, self.before = now, total

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """The first batch of an epoch has no step before it."""
        self.started = None

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """What comes now is no training step."""
        self.started = None

"""How long training has taken so far."""

import time
from typing import Any

import pytorch_lightning as pl


class Clock(pl.Callback):
    """Logs ``train/seconds`` beside the scores: seconds of training, without those of scoring.

    A continued run goes on counting where its checkpoint stood.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.since: float | None = None

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

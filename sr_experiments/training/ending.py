"""How training ends: with one last scoring, or at a signal where nothing is lost."""

from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint

from sr_experiments.training.signals import StopSignals


class Ending(Checkpoint):
    """Has the val sets scored at the end, and stops for signals between steps.

    Whatever ends training (``max_epochs``, ``max_steps``, ``max_time``), its last step is followed
    by a scoring, so that curves end at the end and the scored weights are saved.

    A signal is obeyed after the optimizer step that it falls into, by all processes together; in
    the middle of a scoring only where there is one process. ``Checkpoint`` makes Lightning call
    this after all callbacks that belong to a step.

    Args:
        signals: where signals are noted.
    """

    def __init__(self, signals: StopSignals) -> None:
        self.signals = signals
        self.every: int | None = None  # what check_val_every_n_epoch will be after this epoch

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """From now on signals wait for the end of a step."""
        self.signals.waiting = True
        loop = trainer.fit_loop.epoch_loop
        if loop.restarting and loop.batch_progress.is_last_batch:
            # Continued where its last batch had been scored: Lightning would train on another one
            # if nothing were scored after this epoch.
            self.every = trainer.check_val_every_n_epoch
            _score_this_epoch(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Sets back what it has changed for the first epoch of a continued run."""
        if self.every is not None:
            trainer.check_val_every_n_epoch = self.every
            self.every = None

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any, **__: Any
    ) -> None:
        """Stops, or prepares the last scoring."""
        last_batch = trainer.fit_loop.epoch_loop.batch_progress.is_last_batch
        if not last_batch and between_steps(trainer, pl_module):
            self._obey(trainer)
        if _is_over(trainer, last_batch):
            trainer.should_stop = True
            _score_this_epoch(trainer)

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any, **__: Any
    ) -> None:
        """Stops: scoring many images takes longer than one may wait."""
        if trainer.world_size == 1:
            self._obey(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stops."""
        if not trainer.sanity_checking:
            self._obey(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stops; signals that come later do so at once."""
        self._obey(trainer)
        self.signals.waiting = False

    def _obey(self, trainer: pl.Trainer) -> None:
        number = self.signals.number if self.signals.waiting else 0
        if trainer.world_size > 1:
            here = torch.tensor(number, device=trainer.strategy.root_device)
            number = int(trainer.strategy.reduce(here, reduce_op="max"))
        if number:
            self.signals.stop(number)


def between_steps(trainer: pl.Trainer, module: pl.LightningModule) -> bool:
    """Whether the batch that has just ended was the last one of an optimizer step."""
    loop = trainer.fit_loop
    own = getattr(module, "accumulate", 1)  # of modules that step by themselves
    complete = loop.epoch_loop.batch_progress.is_last_batch or (loop.batch_idx + 1) % own == 0
    return complete and not loop._should_accumulate()


def _score_this_epoch(trainer: pl.Trainer) -> None:
    if trainer.check_val_every_n_epoch is not None:
        trainer.check_val_every_n_epoch = 1


def _is_over(trainer: pl.Trainer, last_batch: bool) -> bool:
    """Whether training ends with this batch."""
    if trainer.should_stop and trainer.fit_loop._can_stop_early:
        return True
    if 0 <= trainer.max_steps <= trainer.global_step:
        return True
    epochs = trainer.max_epochs
    return last_batch and epochs is not None and 0 <= epochs <= trainer.current_epoch + 1

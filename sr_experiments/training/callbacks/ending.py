"""How training ends: with one last scoring, or at a signal where nothing is lost."""

from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint

from sr_experiments.signals import StopSignals


class Ending(Checkpoint):
    """Has the val sets scored at the end, and stops for signals between steps.

    Whatever ends training (``max_epochs``, ``max_steps``, ``max_time``), its last step is followed
    by a scoring, so that curves end at the end and the scored weights are saved.

    A signal is obeyed before the next optimizer step, by all processes together; in
    the middle of a scoring only where there is one process. ``Checkpoint`` makes Lightning call
    this after all callbacks that belong to a step.

    Args:
        signals: where signals are noted.
    """

    def __init__(self, signals: StopSignals) -> None:
        self.signals = signals
        self.between_steps = True

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """From now on signals wait for the end of a step."""
        self.signals.waiting = True

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any
    ) -> None:
        """Stops between two steps, once everything about the first one is written."""
        if self.between_steps:
            self._obey(trainer)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any, **__: Any
    ) -> None:
        """Prepares the last scoring."""
        self.between_steps = between_steps(trainer, pl_module)
        if _is_over(trainer):
            trainer.should_stop = True
            if trainer.check_val_every_n_epoch is not None:
                trainer.check_val_every_n_epoch = 1

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


def _is_over(trainer: pl.Trainer) -> bool:
    """Whether training ends with this batch."""
    if trainer.should_stop and trainer.fit_loop._can_stop_early:
        return True
    if 0 <= trainer.max_steps <= trainer.global_step:
        return True
    epochs, last_batch = (
        trainer.max_epochs,
        trainer.fit_loop.epoch_loop.batch_progress.is_last_batch,
    )
    return last_batch and epochs is not None and 0 <= epochs <= trainer.current_epoch + 1

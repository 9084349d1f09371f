"""Checkpoints that are there when they are needed: recent, whole, and of the scored weights."""

import copy
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint, ModelCheckpoint, WeightAveraging
from torch import Tensor
from torch.optim import Optimizer

from sr_experiments.errors import DeadError, DiskFullError, DivergedError
from sr_experiments.runs.checkpoints import LAST
from sr_experiments.training.callbacks.ending import between_steps
from sr_experiments.training.checkpoint_io import WholeCheckpointIO

_SECONDS_TO_RETRY = 60.0


class BestCheckpoint(ModelCheckpoint):
    """Lightning's, which forgets a record that could not be written, so that the next one is."""

    def _save_topk_checkpoint(
        self, trainer: pl.Trainer, monitor_candidates: dict[str, Tensor]
    ) -> None:
        before = copy.deepcopy(self.state_dict())  # its dictionaries are those in use
        super()._save_topk_checkpoint(trainer, monitor_candidates)
        if trainer.strategy.broadcast(_error(trainer) is not None):
            self.load_state_dict(before)


class LastCheckpoint(Checkpoint):
    """``last.ckpt``, the newest state to continue from, and ``last-1.ckpt``, the one before.

    Written after every scoring, every ``every_minutes`` in between, and where an exception or a
    signal ends training, if the state is sound then: not of a diverged or dead network, nor in the
    middle of an optimizer step. The first process saves alone, so that hooks for checkpoints must
    not talk to other processes.

    Args:
        dirpath: the folder.
        every_minutes: time between two checkpoints where nothing else asks for one.

    Raises:
        DiskFullError: at the start, if the checkpoints do not fit on the disk; at the end, if the
            last one could not be written.
    """

    def __init__(self, dirpath: str, every_minutes: float = 10.0) -> None:
        if not every_minutes > 0:
            raise ValueError(f"every_minutes must be positive, got {every_minutes}")
        self.path = Path(dirpath, LAST)
        self.every = every_minutes * 60
        self.due = float("inf")
        self.saved_step = -1
        self.failed = False
        self.training = self.trained = False
        self.sound = False  # no optimizer has begun a step that is not complete
        self.averaged = False  # a moving average stands in for the weights, to be scored
        self.scored = False  # the val sets have been scored since the newest step

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Makes sure that there is space, and starts the clock."""
        needed = _bytes_needed(trainer, pl_module, self.path.parent)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.path.parent).free
        if trainer.strategy.broadcast(free < needed):
            raise DiskFullError(
                f"{self.path.parent}: the checkpoints of this run need about {needed / 1e6:.1f} MB "
                f"more, {free / 1e6:.1f} MB are free; make space, or choose another folder with "
                "hydra.run.dir=..."
            )
        self.training = self.trained = self.sound = True
        self.due = time.monotonic() + self.every
        self.saved_step = trainer.global_step

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        """From here to the end of the batch the state is half a step's."""
        self.sound = self.scored = False

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any
    ) -> None:
        """Saves when it is time, once everything about the step before is written."""
        new = trainer.global_step != self.saved_step
        if self.sound and new and time.monotonic() > self.due:
            self._save(trainer)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any, **__: Any
    ) -> None:
        """The step is complete."""
        self.sound = between_steps(trainer, pl_module)

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Moving averages have changed places with the weights."""
        self.averaged = True
        self.saved_step = -1

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """They have changed back."""
        self.averaged = False
        self.scored = not trainer.sanity_checking

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Saves what was scored."""
        if self.training and not trainer.sanity_checking:
            self._save(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Saves where nothing is scored."""
        if not trainer.enable_validation or time.monotonic() > self.due:
            self._save(trainer)

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Saves, if there is something new that is worth it."""
        hopeless = isinstance(exception, DivergedError | DeadError)
        new = trainer.global_step != self.saved_step
        if not (self.training and self.sound and new) or hopeless or not _finite(pl_module):
            return
        if self.averaged:
            for callback in _averages(trainer):
                callback.on_validation_epoch_end(trainer, pl_module)
        with suppress(DivergedError):  # unnoticed before
            self._save(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """From now on the weights may be averages, which cannot be trained further."""
        self.training = False
        if trainer.strategy.broadcast(self.failed):
            raise DiskFullError(
                f"{self.path}: the final weights could not be written; make space and continue "
                "from the checkpoint before, or train again"
            )

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Makes up for what training's end does, where a continued run has no step left."""
        if self.trained:
            return
        if not self.scored and trainer.enable_validation:
            self.training = trainer.validating = True
            trainer.fit_loop.epoch_loop.val_loop.run()
            trainer.training = True
            self.training = False
        for callback in _averages(trainer):
            callback.on_train_end(trainer, pl_module)

    def state_dict(self) -> dict[str, Any]:
        """Whether the saved weights have been scored."""
        return {"scored": self.scored}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes it over."""
        self.scored = state_dict["scored"]

    def _save(self, trainer: pl.Trainer) -> None:
        self.saved_step = trainer.global_step
        self.due = time.monotonic() + self.every
        if not trainer.is_global_zero or trainer.fast_dev_run:  # type: ignore[attr-defined]
            return
        for logger in trainer.loggers:
            logger.save()  # or a kill would take the curves up to here along
        # Not Trainer.save_checkpoint, which waits for processes that may have ended.
        checkpoint = trainer._checkpoint_connector.dump_checkpoint(weights_only=False)
        trainer.strategy.save_checkpoint(checkpoint, self.path)
        self.failed = _error(trainer) is not None
        if self.failed:
            self.due = time.monotonic() + min(self.every, _SECONDS_TO_RETRY)


def _error(trainer: pl.Trainer) -> OSError | None:
    files = trainer.strategy.checkpoint_io
    return files.error if isinstance(files, WholeCheckpointIO) else None


def _averages(trainer: pl.Trainer) -> list[WeightAveraging]:
    callbacks = trainer.callbacks  # type: ignore[attr-defined]
    return [callback for callback in callbacks if isinstance(callback, WeightAveraging)]


def _finite(module: pl.LightningModule) -> bool:
    return all(bool(torch.isfinite(p).all()) for p in module.parameters())


def _bytes_needed(trainer: pl.Trainer, module: pl.LightningModule, folder: Path) -> int:
    """What three checkpoints and a fourth that is being written take, less what there is."""
    weights: int = sum(t.nbytes for t in module.state_dict().values())
    copies: int = 1 + len(_averages(trainer))
    for optimizer in trainer.optimizers:
        adaptive, momentum = "betas" in optimizer.defaults, optimizer.defaults.get("momentum")
        copies += 2 if adaptive else 1 if momentum else 0
    there = sum(p.stat().st_size for p in folder.glob("*.ckpt"))
    return 4 * (weights * copies + 100_000) - there

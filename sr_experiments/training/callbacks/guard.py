"""Stops a run that can no longer learn, and says why."""

import math
from copy import copy
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.optim import Optimizer

from sr_experiments.errors import DeadError, DivergedError
from sr_experiments.training.callbacks.checkpoints import LastCheckpoint

_COUNTERS = ("reference", "seen", "silent")


class TrainingGuard(pl.Callback):
    """Notices divergence and dead networks.

    A run has diverged when its loss is no longer finite, or when its magnitude is ``factor`` times
    the largest one of the first ``warmup`` steps (adversarial losses may be negative). A network is
    dead when all of its weights (biases apart) get gradients of exactly zero: then some layer's
    ReLUs are zero for every input, the output no longer depends on the image, and for a residual
    network PSNR is that of bicubic interpolation (often to the last digit).

    Args:
        factor: growth of the loss that counts as divergence.
        warmup: steps whose losses set the scale.
        every: steps between two looks, since each look makes an accelerator wait.

    Raises:
        DivergedError, DeadError: while training, with the step, the cause and the settings to try.
    """

    def __init__(self, factor: float = 1000.0, warmup: int = 10, every: int = 10) -> None:
        self.factor = factor
        self.warmup = warmup
        self.every = every
        self.losses: list[Tensor] = []
        self.reference = 0.0
        self.seen = 0
        self.silent = 0

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        """Counts the looks at which no weight had a gradient."""
        # With several optimizers the first one's network is the one that restores.
        if trainer.global_step % self.every or optimizer is not trainer.optimizers[0]:
            return
        weights = [p.grad for g in optimizer.param_groups for p in g["params"] if p.ndim > 1]
        alive = any(bool(gradient.any()) for gradient in weights if gradient is not None)
        self.silent = 0 if alive else self.silent + 1
        if self.silent == 3:
            raise DeadError(
                f"the network is dead at step {trainer.global_step}: no weight has a gradient any "
                "more, so the output no longer depends on the image (a residual network then "
                "scores exactly as bicubic interpolation). Too large steps pushed a layer's ReLUs "
                f"below zero for every input. {self._advice(trainer)}"
            )

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Keeps the loss, and looks at all kept ones now and then."""
        self.losses.append(outputs["loss"].detach())
        if len(self.losses) >= self.every:
            self._look(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Looks before the epoch's scores and checkpoints."""
        self._look(trainer)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Looks before the epoch's scores and checkpoints."""
        self._look(trainer)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keeps a diverged network from being saved; in the one process that saves."""
        judged, bad = self._judged()
        if bad:
            raise judged._diverged(trainer, *bad)

    def state_dict(self) -> dict[str, Any]:
        """What was seen so far in the first process, for a checkpoint."""
        judged, _ = self._judged()
        return {name: getattr(judged, name) for name in _COUNTERS}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes it over, in all processes."""
        for name in _COUNTERS:
            setattr(self, name, state_dict[name])

    def _look(self, trainer: pl.Trainer) -> None:
        bad = self._judge()
        # All processes stop together, or those that go on would wait for ever.
        if trainer.strategy.reduce_boolean_decision(bad is not None, all=False):
            raise self._diverged(trainer, *(bad or (self.seen, math.nan)))

    def _judged(self) -> tuple["TrainingGuard", tuple[int, float] | None]:
        """A copy that has judged all losses: one process saves, and all must look together."""
        judged = copy(self)
        judged.losses = list(self.losses)
        return judged, judged._judge()

    def _judge(self) -> tuple[int, float] | None:
        """Step and loss of the first bad one among the losses since the last look."""
        losses = torch.stack(self.losses).tolist() if self.losses else []
        self.losses.clear()
        bad = None
        for loss in losses:
            self.seen += 1
            if (self.seen <= self.warmup or not self.reference) and math.isfinite(loss):
                self.reference = max(self.reference, abs(loss))
            elif bad is None and not abs(loss) <= self.factor * self.reference:
                bad = (self.seen, loss)
        return bad

    def _diverged(self, trainer: pl.Trainer, step: int, loss: float) -> DivergedError:
        return DivergedError(
            f"training diverged: the loss is {loss:.3g} in step {step} of this run, and was at "
            f"most {self.reference:.3g} in the first {self.warmup}. {self._advice(trainer)}"
        )

    def _advice(self, trainer: pl.Trainer) -> str:
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        paths = (
            callback.path
            for callback in trainer.callbacks  # type: ignore[attr-defined]
            if isinstance(callback, LastCheckpoint)
        )
        last = next((path for path in paths if path.is_file()), None)
        kept = f"Last good checkpoint: {last}" if last else "No checkpoint was saved before"
        return (
            "Try clipping=adjustable, a smaller clipping.theta, or a rate (optim.lr) below "
            f"{rate:g}. {kept}."
        )

"""Training of one restoration network with one loss."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import LRSchedulerConfigType, OptimizerLRSchedulerConfig
from torch import Tensor, distributed, nn
from torch.optim import Optimizer

from sr_experiments.batches import EvaluationItem, TrainingBatch
from sr_experiments.errors import ConfigError
from sr_experiments.models import Network
from sr_experiments.training.clipping import Clipping
from sr_experiments.training.resume import random_state, restore_random_state, settle
from sr_experiments.training.schedules import Interval, Length


class Scorer(Protocol):
    """Scores a network image by image; ``baseline`` is what its gain is measured against."""

    @property
    def baseline(self) -> str: ...

    def update(self, network: Network, item: EvaluationItem) -> None:
        """Adds one image."""

    def metrics(self) -> dict[str, float]:
        """Named scores over all images of all processes."""

    def reset(self) -> None:
        """Forgets all images."""

    def to(self, device: torch.device) -> None:
        """Moves the collected scores."""


class RestorationModule(pl.LightningModule):
    """A network, its loss, its optimizer with schedule and clipping, and how it is scored.

    Args:
        network: the network to train.
        loss: from prediction and target to a scalar, or to the named parts of one.
        optimizer: makes the optimizer of a network.
        scheduler: makes the schedule of an optimizer, given the run's length.
        clipping: clips the gradients of an optimizer's parameter groups.
        scorers: what scores the network on the "val" and the "test" images.
        config: plain nested configuration, stored in checkpoints.
        forward: computes the network's output while training, as `fast_forward`; by default the
            network itself.
    """

    def __init__(
        self,
        network: Network,
        loss: nn.Module,
        optimizer: Callable[[nn.Module], Optimizer],
        scheduler: Callable[[Optimizer, Length], LRSchedulerConfigType],
        clipping: Clipping,
        scorers: Mapping[str, Scorer],
        config: dict[str, Any],
        forward: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.loss = loss
        self.make_optimizer = optimizer
        self.make_scheduler = scheduler
        self.clipping = clipping
        # Not registered as submodules: scores stay on the processor, in float64, where one process
        # trains on an accelerator that has none.
        self.scorers = dict(scorers)
        self.config = config
        # A compiled one is no submodule either: the weights have one name each.
        self._forward = (forward or network,)
        self.random_state: dict[str, Any] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """The network's output [B, C, H, W] for the input that it takes, both in [0, 1]."""
        out: Tensor = self.network(x)
        return out

    def training_step(self, batch: TrainingBatch, batch_idx: int) -> Tensor:
        """The loss of one batch of patches, a scalar."""
        loss: Tensor | dict[str, Tensor] = self.loss(*self.predict(batch))
        if isinstance(loss, dict):
            return self.log_parts(loss)
        self.log("train/loss", loss)
        return loss

    def predict(self, batch: TrainingBatch) -> tuple[Tensor, Tensor]:
        """The prediction and the target of the same size, [B, C, H, W] in [0, 1]."""
        prediction = self._forward[0](batch["input"])
        target = batch["target"]
        # Unpadded convolutions predict only the middle of a patch.
        margin = (target.shape[-1] - prediction.shape[-1]) // 2
        if margin:
            target = target[..., margin:-margin, margin:-margin]
        return prediction, target

    def log_parts(self, parts: dict[str, Tensor]) -> Tensor:
        """Logs the parts of a loss, scalars, and returns their sum."""
        loss = torch.stack(list(parts.values())).sum()
        self.log("train/loss", loss)
        self.log_dict({f"train/loss_{name}": part for name, part in parts.items()})
        return loss

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clips once per optimizer step; Lightning has unscaled the gradients by then."""
        fraction = self.clipping(optimizer.param_groups, count=self.logs_now)
        if fraction is not None:
            self.log("train/clipped", fraction)
            self.log("train/lr", optimizer.param_groups[0]["lr"])

    @property
    def logs_now(self) -> bool:
        """Whether Lightning writes what this step logs; a number costs an accelerator a wait."""
        trainer = self.trainer
        return bool(trainer._logger_connector.should_update_logs or trainer.fast_dev_run)  # type: ignore[attr-defined]

    def validation_step(self, item: EvaluationItem | None, batch_idx: int) -> None:
        """Scores one whole image, if this process has one left."""
        if item is not None:
            self.scorers["val"].update(self.network, item)

    def test_step(self, item: EvaluationItem | None, batch_idx: int) -> None:
        """Scores one whole image, if this process has one left."""
        if item is not None:
            self.scorers["test"].update(self.network, item)

    def on_validation_epoch_start(self) -> None:
        """Starts a new score."""
        self._start_scores("val")

    def on_test_epoch_start(self) -> None:
        """Starts a new score."""
        self._start_scores("test")

    def on_validation_epoch_end(self) -> None:
        """Logs the scores as ``val/...``."""
        self._log_scores("val")

    def on_test_epoch_end(self) -> None:
        """Logs the scores as ``test/...``."""
        self._log_scores("test")

    def on_train_end(self) -> None:
        """Ends alike in all processes."""
        self._equal_buffers()

    def _equal_buffers(self) -> None:
        # Each process has gathered its own running means. Callbacks, as averaged weights, have
        # lent the network theirs by now: their hooks come before the module's.
        if self.trainer.world_size > 1:
            for buffer in self.buffers():
                distributed.broadcast(buffer, 0)

    def _start_scores(self, stage: str) -> None:
        self._equal_buffers()
        scorer = self.scorers[stage]
        if self.trainer.world_size > 1:
            scorer.to(self.device)  # where the processes exchange tensors
        scorer.reset()

    def _log_scores(self, stage: str) -> None:
        if self.trainer.sanity_checking:
            return
        for name, value in self.scorers[stage].metrics().items():
            self.log(f"{stage}/{name}", value)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """The optimizer with its schedule."""
        return self.optimizer_of(self.network)

    def optimizer_of(self, network: nn.Module) -> OptimizerLRSchedulerConfig:
        """The optimizer of a network with its schedule."""
        optimizer = self.make_optimizer(network)
        return {
            "optimizer": optimizer,
            "lr_scheduler": self.make_scheduler(optimizer, self._length),
        }

    def _length(self, interval: Interval) -> int:
        if interval == "epoch":
            length = float(self.trainer.max_epochs or 1)
        else:
            length = float(self.trainer.estimated_stepping_batches)
        if not 0 <= length < math.inf:
            raise ConfigError(
                f"scheduler: its length is that of the run in {interval}s, and trainer.max_epochs="
                f"{self.trainer.max_epochs} gives none; give a number of epochs, or "
                "scheduler=constant"
            )
        return int(length)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Stores the configuration, so that the network can be built again, and random states."""
        checkpoint["config"] = self.config
        checkpoint["random_state"] = random_state(self.device)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Prepares the loops to continue from any place."""
        self.random_state = checkpoint.get("random_state")
        settle(checkpoint["loops"]["fit_loop"], checkpoint["global_step"], self.trainer)

    def on_train_start(self) -> None:
        """Takes over the random states of a checkpoint, after all that a start draws."""
        # A schedule that asks for the run's length makes Lightning set up the loader too early.
        self.trainer.fit_loop._load_combined_loader_states()
        if self.random_state is not None:
            restore_random_state(self.random_state, self.device)
            self.random_state = None

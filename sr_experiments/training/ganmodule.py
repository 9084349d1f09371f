"""Training of a restoration network against a discriminator."""

import math
from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from pytorch_lightning.utilities.types import LRSchedulerConfigType, OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.nn.utils import get_total_norm
from torch.optim import Optimizer

from sr_experiments.batches import TrainingBatch
from sr_experiments.errors import ConfigError
from sr_experiments.losses import GANLoss
from sr_experiments.models import Network
from sr_experiments.training.clipping import Clipping
from sr_experiments.training.module import RestorationModule, Scorer
from sr_experiments.training.schedules import Interval, Length


class GANModule(RestorationModule):
    """SRGAN's alternation (Ledig et al., CVPR 2017): per batch one step of each network.

    The discriminator learns first, from the same results that the generator is judged by. Both have
    an optimizer, a schedule and clipping of the same kind. ``global_step`` counts batches;
    schedules count steps of the optimizers.

    Args:
        network: the generator.
        discriminator: from images to logits.
        loss: the content losses and the adversarial loss.
        optimizer: makes an optimizer of a network.
        scheduler: makes the schedule of an optimizer, given the run's length.
        clipping: clips the gradients of one network's parameter groups.
        scorers: what scores the generator on the "val" and the "test" images.
        config: plain nested configuration, stored in checkpoints.
        accumulate: batches per optimizer step.
        forward: computes the generator's output while training.
    """

    loss: GANLoss

    def __init__(
        self,
        network: Network,
        discriminator: nn.Module,
        loss: GANLoss,
        optimizer: Callable[[nn.Module], Optimizer],
        scheduler: Callable[[Optimizer, Length], LRSchedulerConfigType],
        clipping: Clipping,
        scorers: Mapping[str, Scorer],
        config: dict[str, Any],
        accumulate: int = 1,
        forward: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__(network, loss, optimizer, scheduler, clipping, scorers, config, forward)
        self.automatic_optimization = False
        self.discriminator = discriminator
        self.accumulate = accumulate
        self.steps: dict[str, Tensor | float] = {}  # what the newest optimizer steps have to log

    def training_step(self, batch: TrainingBatch, batch_idx: int) -> Tensor:
        """One batch for the discriminator, then for the generator, whose scalar loss it returns."""
        prediction, target = self.predict(batch)
        last = self.trainer.is_last_batch
        stepping = last or (batch_idx + 1) % self.accumulate == 0
        for index, loss in enumerate((self._discriminator_loss, self._generator_loss)):
            # The generator's gradients pass through the discriminator without leaving any there.
            self.discriminator.requires_grad_(index == 0)
            total = loss(prediction, target)
            self.manual_backward(total / self.accumulate)
            if stepping:
                self._step(cast(list[LightningOptimizer], self.optimizers())[1 - index])
        # Lightning forgets an epoch's first values where hooks log in turn: all are logged here.
        if self.logs_now:
            self.log_dict(self.steps)
        self._count_batch(stepping, last)
        return total.detach()

    def _discriminator_loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        real, fake = self._judge(target), self._judge(prediction.detach())
        loss = self.loss.adversarial.discriminator(real, fake)
        d_real, d_fake = self.loss.adversarial.probabilities(real, fake)
        self.log_dict({"train/loss_d": loss, "train/d_real": d_real, "train/d_fake": d_fake})
        return loss

    def _generator_loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        parts = self.loss.restoration(prediction, target)
        with torch.no_grad():
            real = self._judge(target)
        adversarial = self.loss.adversarial.generator(real, self._judge(prediction))
        return self.log_parts({**parts, "adversarial": self.loss.weight * adversarial})

    def _judge(self, images: Tensor) -> Tensor:
        try:
            logits: Tensor = self.discriminator(images)
        except ValueError as error:
            raise ConfigError(f"loss.discriminator: {error}; see patches.size") from None
        return logits

    def _step(self, optimizer: LightningOptimizer) -> None:
        # Past LightningOptimizer.step(), whose calls Lightning counts as global_step: the counter
        # is advanced once per batch instead.
        strategy = self.trainer.strategy
        strategy.optimizer_step(optimizer.optimizer, closure=lambda: None, model=self)
        optimizer.zero_grad()

    def _count_batch(self, stepping: bool, last: bool) -> None:
        progress = self.trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
        progress.increment_ready()
        progress.increment_completed()
        for entry in self.trainer.lr_scheduler_configs:
            if stepping if entry.interval == "step" else last:
                entry.scheduler.step()  # type: ignore[call-arg]

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clips one network's gradients, which are unscaled and complete here."""
        suffix = "" if optimizer is self.trainer.optimizers[0] else "_d"
        gradients = [p.grad for g in optimizer.param_groups for p in g["params"]]
        norm = get_total_norm([g for g in gradients if g is not None])
        self.steps[f"train/grad_norm{suffix}"] = norm
        # With accumulation the batch whose numbers are written is another one.
        count = self.accumulate > 1 or self.logs_now
        fraction = self.clipping(optimizer.param_groups, count)
        if fraction is not None:
            self.steps[f"train/clipped{suffix}"] = fraction
        self.steps[f"train/lr{suffix}"] = optimizer.param_groups[0]["lr"]

    def _length(self, interval: Interval) -> int:
        length = super()._length(interval)
        return length if interval == "epoch" else math.ceil(length / self.accumulate)

    def configure_optimizers(self) -> list[OptimizerLRSchedulerConfig]:  # type: ignore[override]
        """The generator's optimizer and schedule, then the discriminator's."""
        return [self.optimizer_of(self.network), self.optimizer_of(self.discriminator)]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Stores what the batches before the next optimizer steps will log."""
        super().on_save_checkpoint(checkpoint)
        checkpoint["logged_steps"] = {name: float(value) for name, value in self.steps.items()}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes it over."""
        super().on_load_checkpoint(checkpoint)
        self.steps = dict(checkpoint.get("logged_steps", {}))

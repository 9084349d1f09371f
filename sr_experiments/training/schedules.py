"""Learning-rate schedules, counted in epochs or in optimizer steps."""

from collections.abc import Callable, Sequence
from typing import Literal

from pytorch_lightning.utilities.types import LRSchedulerConfigType
from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LRScheduler,
    MultiStepLR,
    StepLR,
)

Interval = Literal["epoch", "step"]
Length = Callable[[Interval], int]  # the length of the run in epochs or steps


def _config(scheduler: LRScheduler, interval: Interval) -> LRSchedulerConfigType:
    if interval not in ("epoch", "step"):
        raise ValueError(f'interval must be "epoch" or "step", got {interval!r}')
    return {"scheduler": scheduler, "interval": interval}


def constant(optimizer: Optimizer, length: Length) -> LRSchedulerConfigType:
    """The same rate throughout."""
    return _config(ConstantLR(optimizer, factor=1.0, total_iters=0), "epoch")


def step(
    optimizer: Optimizer,
    length: Length,
    step_size: int,
    gamma: float = 0.1,
    interval: Interval = "epoch",
) -> LRSchedulerConfigType:
    """Multiplies the rate by ``gamma`` every ``step_size`` epochs or steps."""
    if step_size < 1:
        raise ValueError(f"step_size must be at least 1, got {step_size}")
    return _config(StepLR(optimizer, step_size, gamma), interval)


def multistep(
    optimizer: Optimizer,
    length: Length,
    milestones: Sequence[int],
    gamma: float = 0.1,
    interval: Interval = "epoch",
) -> LRSchedulerConfigType:
    """Multiplies the rate by ``gamma`` at each of the given epochs or steps."""
    return _config(MultiStepLR(optimizer, sorted(milestones), gamma), interval)


def cosine(
    optimizer: Optimizer,
    length: Length,
    min_lr: float = 0.0,
    interval: Interval = "step",
) -> LRSchedulerConfigType:
    """Half a cosine from the initial rate to ``min_lr`` over the whole run."""
    if min_lr < 0:
        raise ValueError(f"min_lr must be at least 0, got {min_lr}")
    return _config(CosineAnnealingLR(optimizer, length(interval), eta_min=min_lr), interval)

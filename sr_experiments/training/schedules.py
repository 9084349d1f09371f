"""Learning-rate schedules, counted in epochs or in optimizer steps."""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

from pytorch_lightning.utilities.types import LRSchedulerConfigType
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

Interval = Literal["epoch", "step"]
Length = Callable[[Interval], int]  # the length of the run in epochs or steps


class Schedule(LambdaLR):
    """Rates in closed form: none depends on the one before.

    A run that is continued takes its position from the checkpoint and all else from its own
    configuration: length and shape of the schedule, rates and other options of the optimizer.

    Args:
        optimizer: whose rates are set.
        factors: per parameter group, from epochs or steps so far to the factor of its rate.
    """

    def __init__(self, optimizer: Optimizer, factors: Sequence[Callable[[int], float]]) -> None:
        groups = optimizer.param_groups
        self.options = [{k: v for k, v in g.items() if k != "params"} for g in groups]
        super().__init__(optimizer, list(factors))

    def state_dict(self) -> dict[str, Any]:
        """The position, for a checkpoint."""
        return {"last_epoch": self.last_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over a position, after the optimizer has taken over its state."""
        self.last_epoch = state_dict["last_epoch"]
        self._last_lr = [
            rate * factor(self.last_epoch)
            for rate, factor in zip(self.base_lrs, self.lr_lambdas, strict=True)
        ]
        groups = self.optimizer.param_groups
        for group, options, rate in zip(groups, self.options, self._last_lr, strict=True):
            group.update(options, initial_lr=options["lr"], lr=rate)


def _config(
    optimizer: Optimizer, interval: Interval, *factors: Callable[[int], float]
) -> LRSchedulerConfigType:
    if interval not in ("epoch", "step"):
        raise ValueError(f'interval must be "epoch" or "step", got {interval!r}')
    if len(factors) == 1:
        factors *= len(optimizer.param_groups)
    return {"scheduler": Schedule(optimizer, factors), "interval": interval}


def constant(optimizer: Optimizer, length: Length) -> LRSchedulerConfigType:
    """The same rate throughout."""
    return _config(optimizer, "epoch", lambda done: 1.0)


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
    return _config(optimizer, interval, lambda done: gamma ** (done // step_size))


def multistep(
    optimizer: Optimizer,
    length: Length,
    milestones: Sequence[int],
    gamma: float = 0.1,
    interval: Interval = "epoch",
) -> LRSchedulerConfigType:
    """Multiplies the rate by ``gamma`` at each of the given epochs or steps."""
    sorted_milestones = sorted(milestones)
    return _config(optimizer, interval, lambda done: gamma ** bisect_right(sorted_milestones, done))


def cosine(
    optimizer: Optimizer,
    length: Length,
    min_lr: float = 0.0,
    interval: Interval = "step",
) -> LRSchedulerConfigType:
    """Half a cosine from the initial rate to ``min_lr`` over the whole run, and no further."""
    if min_lr < 0:
        raise ValueError(f"min_lr must be at least 0, got {min_lr}")
    total = max(length(interval), 1)

    def factor(done: int, lowest: float) -> float:
        return lowest + (1 - lowest) * (1 + math.cos(math.pi * min(done, total) / total)) / 2

    # The lowest rate is the same for all groups, also where layers learn at different ones.
    rates = [group["lr"] for group in optimizer.param_groups]
    lowest = [min_lr / rate if rate else 1.0 for rate in rates]
    return _config(optimizer, interval, *(partial(factor, lowest=share) for share in lowest))

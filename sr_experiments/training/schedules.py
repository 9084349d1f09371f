"""Any learning-rate schedule of torch or of a library, counted in epochs or optimizer steps."""

import math
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from pytorch_lightning.utilities.types import LRSchedulerConfigType
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from sr_experiments.training.optimizers import construct, place_counts

Interval = Literal["epoch", "step"]
Length = Callable[[Interval], int]  # the length of the run in epochs or steps
_SMALLEST = {"step_size": 1, "eta_min": 0}


class Schedule(LRScheduler):
    """A schedule of which checkpoints hold the position alone.

    A run that is continued takes its position from the checkpoint and all else from its own
    configuration: length and shape of the schedule, rates and other options of the optimizer.
    A layer with rate 0 keeps it.

    Args:
        optimizer: whose rates are set.
        make: makes the schedule of the optimizer.
        length: epochs or steps after which the rates stay as they are.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        make: Callable[[Optimizer], LRScheduler],
        length: float = math.inf,
    ) -> None:
        groups = optimizer.param_groups
        self.optimizer, self.make, self.length = optimizer, make, length
        self.options = [{k: v for k, v in g.items() if k != "params"} for g in groups]
        self.last_epoch = 0
        self.schedule = make(optimizer)
        self._keep_zeros()

    def step(self, epoch: int | None = None) -> None:
        """Goes on by one epoch or step."""
        if self.last_epoch < self.length:
            self.schedule.step()
        self.last_epoch += 1
        self._keep_zeros()

    def state_dict(self) -> dict[str, Any]:
        """The position, for a checkpoint."""
        return {"last_epoch": self.last_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes to a position, after the optimizer has taken over its state."""
        for group, options in zip(self.optimizer.param_groups, self.options, strict=True):
            group.pop("initial_lr", None)
            group.update(options)
        place_counts(self.optimizer)
        self.last_epoch = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # no step of the optimizer stands between these
            self.schedule = self.make(self.optimizer)
            for _ in range(state_dict["last_epoch"]):
                self.step()

    def get_last_lr(self) -> list[Any]:
        """The rate of each parameter group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def _keep_zeros(self) -> None:
        for group, options in zip(self.optimizer.param_groups, self.options, strict=True):
            if options["lr"] == 0:
                group["lr"] = 0.0


def make_schedule(
    optimizer: Optimizer,
    length: Length,
    kind: str,
    interval: Interval = "epoch",
    length_option: str | None = None,
    **options: Any,
) -> LRSchedulerConfigType:
    """Makes the schedule of an optimizer.

    Args:
        optimizer: whose rates are set.
        length: tells the length of the run in epochs or steps.
        kind: dotted path of the schedule's class, as ``torch.optim.lr_scheduler.StepLR``.
        interval: what the class counts, "epoch" or "step".
        length_option: argument of the class that is the length of the run, as ``T_max``; the rates
            stay as they are after it.
        options: further arguments of the class.

    Raises:
        ValueError: there is no such class, or it refuses an option.
    """
    if interval not in ("epoch", "step"):
        raise ValueError(f'interval must be "epoch" or "step", got {interval!r}')
    for name, smallest in _SMALLEST.items():
        if options.get(name, smallest) < smallest:
            raise ValueError(f"{name} must be at least {smallest}, got {options[name]}")
    total = math.inf
    if length_option:
        options[length_option] = total = max(length(interval), 1)
    schedule = Schedule(optimizer, partial(_construct, kind, options), total)
    return {"scheduler": schedule, "interval": interval}


def _construct(kind: str, options: dict[str, Any], optimizer: Optimizer) -> LRScheduler:
    schedule = construct(kind, optimizer, **options)
    if not isinstance(schedule, LRScheduler) or isinstance(schedule, ReduceLROnPlateau):
        raise ValueError(f"kind: {kind} is no schedule over epochs or steps alone")
    return schedule

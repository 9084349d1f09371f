"""What an optimizer step is made of on these devices: batches, and a learning rate to match."""

import logging
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.cli.config.check import Config
from sr_experiments.cli.config.device import lightning_arguments
from sr_experiments.cli.config.instantiate import build
from sr_experiments.errors import ConfigError

_REMARKS = (
    "does not have many workers",
    "Checkpoint directory",
    "exists and is not empty",
    "method of metric .* was called before",  # a process may have no image of a small set
    "isinstance.treespec",
    "The `srun` command is available",
    "The dirpath has changed",  # a run that is continued in another folder
    "sync_dist=True",  # scores are exchanged before they are logged
    "smaller than the logging interval",  # epochs are short on purpose
)


@dataclass(frozen=True)
class BatchPlan:
    """How the patches of an optimizer step are shared out.

    Attributes:
        per_device: patches in a batch of one process.
        accumulate: batches of a process per step of the optimizer.
        lr_factor: what the recipe's learning rate is multiplied by.
    """

    per_device: int
    accumulate: int = 1
    lr_factor: float = 1.0


def plan_batches(config: Config) -> BatchPlan:
    """Shares out the effective batch, and scales the learning rate if that was asked for.

    Raises:
        ConfigError: the effective batch cannot be shared out evenly, or there are no such devices.
    """
    device = config["device"]
    recipe = config["data"].get("batch_size")
    recipe = recipe or build("patches", config["data"]["patches"]).batch_size
    accumulate = (config.get("trainer") or {}).get("accumulate_grad_batches") or 1
    effective, scale_lr = device.get("effective_batch"), device.get("scale_lr")
    if effective is None and scale_lr is None:
        return BatchPlan(recipe, accumulate)
    processes = count_processes(device)
    plan = share_batch(recipe, accumulate, processes, effective, scale_lr)
    if effective is not None:
        _say(
            f"batch of {effective}: {processes} processes x {plan.per_device} patches x "
            f"{plan.accumulate} accumulated steps"
        )
    if plan.lr_factor != 1:
        batch = processes * plan.per_device * plan.accumulate
        lr = (config.get("optim") or {}).get("lr")
        _say(f"learning rate {lr} x {plan.lr_factor:.4g} for a batch of {batch}")
    return plan


def share_batch(
    recipe: int,
    accumulate: int,
    processes: int,
    effective: int | None,
    scale_lr: Literal["linear", "sqrt"] | None,
) -> BatchPlan:
    """The plan for a number of processes.

    The rate's factor is the effective batch over the recipe's, or the square root of that (Goyal et
    al., arXiv 1706.02677, Sec. 2.1; Krizhevsky, arXiv 1404.5997).

    Args:
        recipe: patches of a step that the recipe's learning rate is for; none takes more at once.
        accumulate: ``trainer.accumulate_grad_batches``.
        processes: on all machines.
        effective: patches of a step of all processes; None: the recipe's in each.
        scale_lr: how the learning rate grows with the batch; None: not at all.

    Raises:
        ConfigError: the effective batch cannot be shared out evenly.
    """
    per_device = recipe
    if effective is not None:
        per_device, accumulate = _share(effective, recipe, processes, accumulate)
    ratio = processes * per_device * accumulate / recipe
    factor = {"linear": ratio, "sqrt": math.sqrt(ratio), None: 1.0}[scale_lr]
    return BatchPlan(per_device, accumulate, factor)


def _share(effective: int, recipe: int, processes: int, accumulate: int) -> tuple[int, int]:
    """Splits a batch over processes, and over accumulated steps where it exceeds the recipe's."""
    if accumulate != 1:
        raise ConfigError(
            "device.effective_batch: decides on accumulation itself; leave "
            "trainer.accumulate_grad_batches at 1"
        )
    share, rest = divmod(effective, processes)
    if rest:
        raise ConfigError(
            f"device.effective_batch={effective}: cannot be shared out to {processes} processes; "
            "give a multiple of their number"
        )
    steps = next(n for n in range(1, share + 1) if share % n == 0 and share // n <= recipe)
    return share // steps, steps


def count_processes(device: Mapping[str, Any]) -> int:
    """The number of processes that Lightning trains with, on all machines.

    Raises:
        ConfigError: there are no such devices.
    """
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    silent = make_trainer(**lightning_arguments(device), **quiet, enable_model_summary=False)
    return silent.world_size


def make_trainer(**arguments: Any) -> pl.Trainer:
    """Lightning's Trainer.

    Raises:
        ConfigError: there are no such devices, or Lightning refuses another argument.
    """
    silence_warnings()
    try:
        return pl.Trainer(**arguments)
    except (ValueError, TypeError, RuntimeError, MisconfigurationException) as error:
        raise ConfigError(f"device or trainer: {error}") from None


def torch_device(device: Mapping[str, Any]) -> torch.device:
    """The one device that ``device.accelerator`` stands for.

    Raises:
        ConfigError: there is no such device.
    """
    kind = str(device.get("accelerator") or "auto")
    found = torch.accelerator.current_accelerator(check_available=True)
    if kind == "cpu" or (kind == "auto" and not found):
        return torch.device("cpu")
    if found and kind in ("auto", "gpu", found.type):
        return found
    raise ConfigError(f"device.accelerator={kind}: there is none; choose device=cpu")


def silence_warnings() -> None:
    """Silences remarks of libraries that a user of this project cannot act on."""
    for name in ("pytorch_lightning", "lightning.pytorch", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for remark in _REMARKS:
        warnings.filterwarnings("ignore", f".*{remark}.*")


@rank_zero_only
def _say(text: str) -> None:
    print(text, flush=True)

"""What a command says before it begins."""

import shlex
from collections.abc import Mapping, Sequence

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Timer
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.data import RestorationDataModule
from sr_experiments.models import Network


@rank_zero_only
def print_summary(network: Network, data: RestorationDataModule, trainer: pl.Trainer) -> None:
    """Prints what is about to run.

    Args:
        network: the network.
        data: its images.
        trainer: where it runs.
    """
    count = sum(p.numel() for p in network.parameters())
    parameters = f" with {count:,} parameters" if count else ""
    scales = ", ".join(f"x{scale:g}" for scale in network.scales)
    device = trainer.strategy.root_device
    processes = f", {trainer.world_size} processes" if trainer.world_size > 1 else ""
    held = f", {len(data.held_out)} held out for validation" if data.held_out else ""
    training = f"; {data.training_images} training images{held}" if data.training_images else ""
    print(
        f"{type(network).__name__}{parameters} for {scales} on {device}{processes}{training}",
        flush=True,
    )


@rank_zero_only
def print_shortened(
    data: RestorationDataModule,
    trainer: pl.Trainer,
    choices: Mapping[str, str | None],
    typed: Sequence[str],
) -> None:
    """Says what `data=demo` leaves out of a recipe, and the command for its full length.

    Args:
        data: the images.
        trainer: of the run.
        choices: the option of each group.
        typed: the overrides on the command line.
    """
    if choices.get("data") != "demo" or choices.get("experiment") or choices.get("study"):
        return
    cut = {"data.steps_per_epoch": data.steps_per_epoch, "trainer.max_time": _limit(trainer)}
    if data.batch_size != data.patches.batch_size:
        cut["data.batch_size"] = data.batch_size
    if set(data.train_scales) < set(data.scales):
        cut["data.train_scales"] = data.train_scales
    keys = [key for key, value in cut.items() if value is not None]
    if not keys or any(text.partition("=")[0] in keys for text in typed):
        return
    command = shlex.join(["python", "train.py", *typed, *(f"{key}=null" for key in keys)])
    scales = ", ".join(f"x{scale:g}" for scale in data.train_scales)
    print(
        f"a demo: {trainer.max_epochs} epochs of {data.steps_per_epoch} steps instead of "
        f"{data.patches.steps_per_epoch or 'passes over all patches'}, trained at {scales}; "
        f"full length: {command}",
        flush=True,
    )


def _limit(trainer: pl.Trainer) -> object:
    timers = (c for c in trainer.callbacks if isinstance(c, Timer))  # type: ignore[attr-defined]
    return next(timers, None)

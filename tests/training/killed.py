"""Tiny runs that save a checkpoint wherever they may be cut off, and continue from any of them."""

import csv
import random
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.loggers import CSVLogger

from sr_experiments.batches import EvaluationItem
from sr_experiments.data import GridPatches, RandomPatches, RestorationDataModule
from sr_experiments.imaging import Degradation
from sr_experiments.losses import AdversarialLoss, GANLoss, L1Loss, MSELoss
from sr_experiments.models import EDSR, VDSR, Discriminator, Network, REDNet, SRResNet
from sr_experiments.training.callbacks.average import MovingAverage
from sr_experiments.training.callbacks.guard import TrainingGuard
from sr_experiments.training.clipping import AdjustableClipping, NoClipping
from sr_experiments.training.ganmodule import GANModule
from sr_experiments.training.module import RestorationModule
from tests.training.recipes import adam, cosine, sgd, step

RECIPES = ("vdsr", "edsr_deconv", "rednet_noise", "srgan")
EPOCHS, STEPS = 3, 4  # with a validation after the second epoch


class Sum:
    """Scores a network by what it makes of the images."""

    def __init__(self) -> None:
        self.reset()

    def update(self, network: Network, item: EvaluationItem) -> None:
        with torch.no_grad():
            image = item["image"][None, : network.in_channels].float() / 255
            self.total += network(image).double().mean().item()

    def metrics(self) -> dict[str, float]:
        return {"psnr": self.total}

    def reset(self) -> None:
        self.total = 0.0

    def to(self, device: torch.device) -> None: ...


class Everywhere(Checkpoint):
    """Saves after every step, validation and epoch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_batch_start(self, trainer: pl.Trainer, *args: Any) -> None:
        self._save(trainer, "before")

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        self._save(trainer, "batch")

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if not trainer.sanity_checking:
            self._save(trainer, "validation")

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._save(trainer, "epoch")

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._save(trainer, "end")

    def _save(self, trainer: pl.Trainer, place: str) -> None:
        batches = trainer.fit_loop.epoch_loop.batch_progress.total.processed
        trainer.save_checkpoint(self.folder / f"{batches:02d}-{place}.ckpt")


class Drawn(pl.Callback):
    """What a user's network may draw while training, as dropout does: logged with each step."""

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        for name, value in (
            ("torch", torch.rand(()).item()),
            ("python", random.random()),
            ("numpy", np.random.rand()),
        ):
            module.log(f"drawn/{name}", value)


def network_of(recipe: str) -> Network:
    torch.manual_seed(0)
    if recipe == "vdsr":
        return VDSR(depth=3, channels=4)
    if recipe == "edsr_deconv":
        return EDSR((2,), blocks=1, channels=4, conv="deconv")
    if recipe == "rednet_noise":
        return REDNet((1,), depth=4, channels=4, skip_interval=1)
    return SRResNet((2,), blocks=1, channels=4)


def module_of(recipe: str, network: Network, accumulate: int = 1) -> RestorationModule:
    scorers = {"val": Sum()}
    config = {"model": {"_target_": f"sr_experiments.models.{type(network).__name__}"}}
    if recipe == "vdsr":
        return RestorationModule(
            network,
            MSELoss(),
            partial(sgd, lr=0.1, momentum=0.9),
            partial(step, step_size=2),
            AdjustableClipping(),
            scorers,
            config,
        )
    optimizer = partial(adam, lr=1e-3)
    if recipe != "srgan":
        return RestorationModule(
            network, L1Loss(), optimizer, cosine, NoClipping(), scorers, config
        )
    loss = GANLoss(
        AdversarialLoss("vanilla"),
        Discriminator,
        {"pixel": 1.0, "adversarial": 0.1},
        pixel=MSELoss("mean"),
    )
    discriminator = Discriminator(channels=4)
    return GANModule(
        network,
        discriminator,
        loss,
        optimizer,
        cosine,
        NoClipping(),
        scorers,
        config,
        accumulate,
    )


def data_of(recipe: str, images: Path, network: Network, **changes: Any) -> RestorationDataModule:
    noise = {"degradation": Degradation(sigma=[10, 30], blind=True)}
    arguments: dict[str, Any] = {
        "root": str(images.parent),
        "train": [images.name],
        "val": {"images": [images.name]},
        "test": {},
        "patches": GridPatches(12, 9, 2) if recipe == "vdsr" else RandomPatches(16, 6, 2),
        "channels": network.in_channels,
        "scales": network.scales,
        "interpolated": not network.upsamples,
        "cache": str(images.parent / "cache"),
        "steps_per_epoch": STEPS,
        **(noise if recipe == "rednet_noise" else {}),
        **changes,
    }
    return RestorationDataModule(**arguments)


def train(
    recipe: str,
    images: Path,
    folder: Path,
    checkpoint: Path | None = None,
    accumulate: int = 1,
    trainer: dict[str, Any] | None = None,
    callbacks: Sequence[pl.Callback] = (),
    **data: Any,
) -> pl.Trainer:
    """One run from its start, or from a checkpoint, to its end."""
    pl.seed_everything(0, workers=True, verbose=False)
    network = network_of(recipe)
    module = module_of(recipe, network, accumulate)
    options = {} if recipe == "srgan" else {"accumulate_grad_batches": accumulate}
    runner = pl.Trainer(
        accelerator="cpu",
        logger=CSVLogger(folder, name="", version=""),
        callbacks=[
            MovingAverage(decay=0.9),
            TrainingGuard(every=3, warmup=7),
            Drawn(),
            *callbacks,
            Everywhere(folder),
        ],
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        **{
            "max_epochs": EPOCHS,
            "check_val_every_n_epoch": 2,
            "log_every_n_steps": 1,
            **options,
            **(trainer or {}),
        },
    )
    datamodule = data_of(recipe, images, network, **data)
    runner.fit(module, datamodule=datamodule, ckpt_path=checkpoint, weights_only=True)
    return runner


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Where two checkpoints differ, bit for bit."""
    if path.endswith("val_loop.batch_progress"):
        return  # counts anew with each validation
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            if (key in one) != (key in other):
                yield f"{path}/{key} is missing on one side"
            else:
                yield from differences(one[key], other[key], f"{path}/{key}")
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple):
        if len(one) != len(other):
            yield f"{path}: {len(one)} and {len(other)} entries"
        for index, (a, b) in enumerate(zip(one, other, strict=False)):
            yield from differences(a, b, f"{path}/{index}")
    elif isinstance(one, torch.Tensor):
        if not (isinstance(other, torch.Tensor) and torch.equal(one, other)):
            yield path
    elif one != other:
        yield f"{path}: {one} and {other}"


def compare(through: Path, resumed: Path, start: str) -> list[str]:
    """How a run that was resumed at a checkpoint differs from the uninterrupted one."""
    names, made = saved(through), saved(resumed)
    rest = names[names.index(start) + 1 :]
    found = []
    # Without a step left there is nothing to go on with (test_checkpoints has what is made up for).
    over = not made and all(name.partition("-")[0] == start.partition("-")[0] for name in rest)
    # After an epoch's last batch its end is no longer told to callbacks, unless it is validated.
    if not over and made not in (
        rest,
        [start, *rest],
        rest[rest[:1] == [start.replace("batch", "epoch")] :],
    ):
        found.append(f"saved {made}, not {rest}")
    for name in made:
        pair = [torch.load(p / name, weights_only=True) for p in (through, resumed)]
        found += [f"{name}{d}" for d in differences(*pair)]
    rows, expected = (rows_of(folder) for folder in (resumed, through))
    for row, other in zip(rows[::-1], expected[::-1], strict=False):
        found += [f"row{d}" for d in differences(row, other)]
    return found


def saved(folder: Path) -> list[str]:
    """The checkpoints in the order in which they were saved."""
    return [p.name for p in sorted(folder.glob("*.ckpt"), key=lambda p: p.stat().st_mtime_ns)]


def rows_of(folder: Path) -> list[dict[str, str]]:
    """The rows of metrics.csv, without what is empty."""
    path = folder / "metrics.csv"
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return [{k: v for k, v in row.items() if v} for row in csv.DictReader(file)]


def on_two_processes(rank: int, folder: Path, recipe: str, images: Path) -> None:
    """Goes on from amid an epoch; one of two processes."""
    options = {"devices": 2, "strategy": "ddp"}
    if recipe == "srgan":
        options["strategy"] = "ddp_find_unused_parameters_true"
    through, checkpoint = folder / "through", "06-batch.ckpt"
    train(recipe, images, through, trainer=options)
    last = train(recipe, images, folder / "resumed", through / checkpoint, trainer=options)
    assert last.world_size == 2
    if rank == 0:
        assert not (found := compare(through, folder / "resumed", checkpoint)), found
    torch.distributed.destroy_process_group()

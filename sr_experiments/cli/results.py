"""What a run leaves behind: table, panel and status."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Timer
from pytorch_lightning.loggers import Logger, TensorBoardLogger, WandbLogger
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.batches import EvaluationItem
from sr_experiments.data import RestorationDataModule
from sr_experiments.data.index import count_shared
from sr_experiments.evaluation.benchmark import BenchmarkScore, Row
from sr_experiments.evaluation.panel import cut_tiles, draw_panel, save_tiles
from sr_experiments.evaluation.table import print_table, write_images, write_table
from sr_experiments.imaging import save_image
from sr_experiments.inference.bicubic import Bicubic
from sr_experiments.models import Network
from sr_experiments.runs.metrics_file import SEEN


@rank_zero_only
def announce(network: Network, data: RestorationDataModule, trainer: pl.Trainer) -> None:
    """Says what is about to run."""
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
def announce_cut(
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


def note_choice(data: RestorationDataModule, metrics: dict[str, float]) -> None:
    """Records how many test images were scored during training, and says it above the table."""
    val, test = ([f for s in data.benchmarks[k] for f in s.files] for k in ("val", "test"))
    seen = count_shared(val, test, data.cache)
    metrics[SEEN] = seen
    if seen:
        rank_zero_only(print)(
            f"note: {seen} of the {len(test)} test images "
            "were scored during training too: what is chosen by val/psnr (best.ckpt, the best job "
            "of a sweep) is chosen on what it is tested on",
            flush=True,
        )


def present(
    scorer: BenchmarkScore,
    network: Network,
    data: RestorationDataModule,
    folder: Path,
    panels: int,
    loggers: Sequence[Logger] = (),
) -> None:
    """Prints and writes the tables, draws the panel, names the files; called by all processes."""
    rows, images = scorer.compute(), scorer.images()
    rank_zero_only(write_images)(images, scorer.protocol, folder / "per_image.csv")
    _present(rows, scorer, network, data, folder, panels, loggers)


@rank_zero_only
def _present(
    rows: list[Row],
    scorer: BenchmarkScore,
    network: Network,
    data: RestorationDataModule,
    folder: Path,
    panels: int,
    loggers: Sequence[Logger],
) -> None:
    method = type(network).__name__
    print_table(rows, scorer.protocol, None if isinstance(network, Bicubic) else method)
    write_table(rows, scorer.protocol, folder / "results.csv")
    if panels:
        chosen = shown(data, panels)
        picture = folder / "images" / "panel.png"
        tiles = cut_tiles(network.eval(), chosen, scorer.protocol, method)
        panel = draw_panel(tiles)
        save_image(panel, picture)
        save_tiles(tiles, chosen, folder / "images" / "tiles")
        for logger in loggers:
            if isinstance(logger, WandbLogger):
                logger.log_image("panel", [str(picture)])
            elif isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image("panel", panel)
        print(f"panel: {picture}")
    print(f"run folder: {folder}")


def shown(data: RestorationDataModule, panels: int, stage: str = "test") -> list[EvaluationItem]:
    """The images of a panel, evenly chosen from the "test" or the "val" sets."""
    items = data.evaluation_set(stage)
    count = min(panels, len(items))
    return [items[i * len(items) // count] for i in range(count)]

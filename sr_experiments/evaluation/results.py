"""What a scored run leaves behind: tables and a panel of its images."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pytorch_lightning.loggers import Logger, TensorBoardLogger, WandbLogger
from pytorch_lightning.utilities import rank_zero_only
from torch import Tensor

from sr_experiments.batches import EvaluationItem
from sr_experiments.data import RestorationDataModule
from sr_experiments.data.index import count_shared
from sr_experiments.evaluation.benchmark import BenchmarkScore, Row
from sr_experiments.evaluation.comparison import (
    Scored,
    comparison_lines,
    print_comparison,
    write_comparison,
)
from sr_experiments.evaluation.comparison import write_images as write_comparison_images
from sr_experiments.evaluation.panel import cut_tiles, draw_comparison, draw_panel, save_tiles
from sr_experiments.evaluation.table import (
    print_table,
    write_images,
    write_table,
)
from sr_experiments.imaging import save_image
from sr_experiments.inference.bicubic import Bicubic
from sr_experiments.models import Network
from sr_experiments.runs.metrics_file import SEEN
from sr_experiments.runs.run_files import RESULTS

PER_IMAGE = "per_image.csv"


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


def save_results(
    scorer: BenchmarkScore,
    network: Network,
    data: RestorationDataModule,
    folder: Path,
    log_images: int,
    loggers: Sequence[Logger] = (),
) -> None:
    """Prints and writes the tables, draws the panel, names the files; called by all processes.

    Args:
        scorer: has scored all images.
        network: the network that was scored.
        data: holds the images.
        folder: the run folder.
        log_images: images in the panel; 0: no panel.
        loggers: get the panel too.
    """
    rows, images = scorer.compute(), scorer.images()
    rank_zero_only(write_images)(images, scorer.protocol, folder / PER_IMAGE)
    _save(rows, scorer, network, data, folder, log_images, loggers)


@rank_zero_only
def _save(
    rows: list[Row],
    scorer: BenchmarkScore,
    network: Network,
    data: RestorationDataModule,
    folder: Path,
    log_images: int,
    loggers: Sequence[Logger],
) -> None:
    method = type(network).__name__
    print_table(rows, scorer.protocol, None if isinstance(network, Bicubic) else method)
    write_table(rows, scorer.protocol, folder / RESULTS)
    if log_images:
        chosen = panel_items(data, log_images)
        tiles = cut_tiles(network.eval(), chosen, scorer.protocol, method)
        _save_panel(draw_panel(tiles), folder / "images" / "panel.png", loggers)
        save_tiles(tiles, chosen, folder / "images" / "tiles")
    print(f"run folder: {folder}")


@rank_zero_only
def save_comparison(
    scored: Sequence[Scored],
    networks: Mapping[str, Network],
    data: RestorationDataModule,
    folder: Path,
    log_images: int,
    papers: Sequence[str] = (),
    loggers: Sequence[Logger] = (),
) -> None:
    """Prints and writes the tables of several networks, and draws their results side by side.

    Args:
        scored: their scores.
        networks: by name, those that are drawn; all were scored by the same protocol.
        data: holds the images.
        folder: the run folder.
        log_images: images in the panel; 0: no panel.
        papers: whose values are shown beside.
        loggers: get the panel too.
    """
    lines = comparison_lines(scored, papers)
    print_comparison(lines, scored)
    write_comparison(lines, folder)
    write_comparison_images(scored, folder / PER_IMAGE)
    if log_images and networks:
        shown = {name: network.eval() for name, network in networks.items()}
        panel = draw_comparison(shown, panel_items(data, log_images), scored[0].protocol)
        _save_panel(panel, folder / "images" / "comparison.png", loggers)
    print(f"run folder: {folder}")


def _save_panel(panel: Tensor, path: Path, loggers: Sequence[Logger]) -> None:
    """Writes and logs a picture, uint8 [3, H, W], under the name of its file."""
    save_image(panel, path)
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            logger.log_image(path.stem, [str(path)])
        elif isinstance(logger, TensorBoardLogger):
            logger.experiment.add_image(path.stem, panel)
    print(f"panel: {path}")


def panel_items(
    data: RestorationDataModule, count: int, stage: str = "test"
) -> list[EvaluationItem]:
    """Chooses the images of a panel, evenly from all sets.

    Args:
        data: holds the sets.
        count: how many images.
        stage: "test" or "val".
    """
    items = data.evaluation_set(stage)
    count = min(count, len(items))
    return [items[i * len(items) // count] for i in range(count)]

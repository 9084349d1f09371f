"""The same cuts of the same val images at each validation, for tools that show pictures."""

from collections.abc import Sequence

import numpy as np
import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger, TensorBoardLogger, WandbLogger
from pytorch_lightning.utilities.seed import isolate_rng

from sr_experiments.batches import EvaluationItem
from sr_experiments.data import RestorationDataModule
from sr_experiments.evaluation.panel import cut_tiles, draw_panel
from sr_experiments.evaluation.protocol import Protocol
from sr_experiments.evaluation.results import panel_items
from sr_experiments.models import Network

_NAME = "val/panel"


class ValidationPictures(pl.Callback):
    """Logs a panel to W&B and to TensorBoard at the end of each validation.

    It has to stand before callbacks that lend the network other weights for the validation, as
    averaged ones: these take them back in the same hook.

    Args:
        network: the network that restores.
        items: the images.
        protocol: how they are degraded and compared.
    """

    def __init__(
        self, network: Network, items: Sequence[EvaluationItem], protocol: Protocol
    ) -> None:
        self.network = network
        self.items = items
        self.protocol = protocol

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Draws and logs, beside the scores' step and epoch."""
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        items: list[EvaluationItem] = [
            {**item, "image": item["image"].to(pl_module.device)} for item in self.items
        ]
        with isolate_rng():
            name = type(self.network).__name__
            panel = draw_panel(cut_tiles(self.network, items, self.protocol, name))
        step = trainer.fit_loop.epoch_loop._batches_that_stepped  # the step of logged metrics
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                import wandb

                image = wandb.Image(np.asarray(panel.permute(1, 2, 0)))
                row = {_NAME: image, "epoch": trainer.current_epoch}
                logger.log_metrics(row, step)  # type: ignore[arg-type]  # as log_image does
            elif isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image(_NAME, panel, step)


def validation_pictures(
    loggers: Sequence[Logger],
    network: Network,
    data: RestorationDataModule,
    protocol: Protocol,
    log_images: int,
) -> list[pl.Callback]:
    """Makes the callback, if pictures are wanted and a logger takes them.

    Args:
        loggers: those of the run.
        network: the network that restores.
        data: holds the images.
        protocol: how they are degraded and compared.
        log_images: images in a panel; 0: no pictures.
    """
    if not log_images or not any(isinstance(x, WandbLogger | TensorBoardLogger) for x in loggers):
        return []
    return [ValidationPictures(network, panel_items(data, log_images, "val"), protocol)]

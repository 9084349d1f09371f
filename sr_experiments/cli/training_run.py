"""One training run, from its configuration to its results."""

import math
from pathlib import Path

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.cli.assemble import (
    build_data,
    build_loggers,
    build_module,
    build_scorers,
    build_trainer,
    plain,
)
from sr_experiments.cli.build import build
from sr_experiments.cli.continued import earlier_start
from sr_experiments.cli.devices import fit_to_devices
from sr_experiments.cli.recorded import recorded
from sr_experiments.cli.results import announce, present
from sr_experiments.cli.run_folder import RunFolder
from sr_experiments.inference.checkpoints import check_resumable
from sr_experiments.sweeps.job import FINISHED


def training_run(config: DictConfig) -> float:
    """Trains, scores and records; the metric that ``sweep.metric`` names (NaN without it)."""
    content = plain(config)
    before = earlier_start(config, content)
    if before and before.state == FINISHED:
        return before.metrics.get(config.sweep.metric, math.nan)
    if before and before.checkpoint:
        config.ckpt_path = str(before.checkpoint)
    pl.seed_everything(config.seed, workers=True, verbose=False)
    network = build("model", config.model)
    data = build_data(config, network)
    scorers = build_scorers(config, data, network)
    module = build_module(config, content, network, scorers)
    if config.ckpt_path:
        check_resumable(Path(config.ckpt_path), network)
        rank_zero_only(print)(f"continues {config.ckpt_path}", flush=True)
    folder = RunFolder(Path(config.run_dir))
    folder.begin(content, HydraConfig.get().overrides.task)
    callbacks = [build(f"callbacks.{name}", node) for name, node in config.callbacks.items()]
    trainer = build_trainer(config, build_loggers(config), callbacks)
    fit_to_devices(config, trainer, data, module)
    announce(network, data, trainer)
    with recorded(folder, trainer) as metrics:
        trainer.logger.log_hyperparams(content)  # type: ignore[union-attr]
        trainer.fit(module, datamodule=data, ckpt_path=config.ckpt_path, weights_only=True)
        metrics.update({k: float(v) for k, v in trainer.callback_metrics.items()})
        trainer.test(module, datamodule=data, verbose=False)
        metrics.update({k: float(v) for k, v in trainer.callback_metrics.items()})
        present(scorers["test"], network, data, folder.path, config.panels)
    return metrics.get(config.sweep.metric, math.nan)

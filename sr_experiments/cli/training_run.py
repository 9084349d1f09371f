"""One training run, from its configuration to its results."""

import math
from pathlib import Path

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from pytorch_lightning.utilities import rank_zero_only, rank_zero_warn

from sr_experiments.cli.assemble import (
    build_data,
    build_module,
    build_scorers,
    build_trainer,
    plain,
)
from sr_experiments.cli.build import build
from sr_experiments.cli.continued import earlier_start, goes_on, say_changes
from sr_experiments.cli.devices import fit_to_devices
from sr_experiments.cli.loggers import build_loggers, log_config
from sr_experiments.cli.network import build_network
from sr_experiments.cli.pictures import pictures
from sr_experiments.cli.recorded import recorded
from sr_experiments.cli.results import announce, announce_cut, note_choice, present
from sr_experiments.cli.run_folder import RunFolder
from sr_experiments.errors import ConfigError
from sr_experiments.inference.checkpoints import check_resumable, fill
from sr_experiments.models import Network
from sr_experiments.run_checkpoints import chosen_checkpoint
from sr_experiments.sweeps.job import FINISHED
from sr_experiments.training.ending import Ending
from sr_experiments.training.ganmodule import GANModule
from sr_experiments.training.module import RestorationModule
from sr_experiments.training.signals import StopSignals


def training_run(config: DictConfig) -> float:
    """Trains, scores and records; the metric that ``sweep.metric`` names (NaN without it)."""
    content = plain(config)
    before = earlier_start(config, content)
    if before and before.state == FINISHED:
        return before.metrics.get(config.sweep.metric, math.nan)
    if before and before.checkpoint:
        config.ckpt_path = str(before.checkpoint)
    pl.seed_everything(config.seed, workers=True, verbose=False)
    network = build_network(config.model)
    data = build_data(config, network)
    if not data.benchmarks["val"]:
        raise ConfigError(
            "data.val: there is nothing to score during training; set data.held_out=5, or name "
            "images with +data.val.NAME=[FOLDER]"
        )
    scorers = build_scorers(config, data, network)
    module = build_module(config, content, network, scorers)
    warm_start(config, network, module)
    if config.ckpt_path:
        say_changes(config, content)
    callbacks = [build(f"callbacks.{name}", node) for name, node in config.callbacks.items()]
    signals = StopSignals()
    trainer = build_trainer(config, [], [*callbacks, Ending(signals)], module)
    fit_to_devices(config, trainer, data, module)
    # Nothing is written before all that was typed has been looked at.
    folder = RunFolder(Path(config.run_dir))
    folder.begin(content, HydraConfig.get().overrides.task, goes_on(config), trains=True)
    with recorded(folder, trainer, signals) as metrics:
        loggers = trainer.loggers = build_loggers(config)
        drawn = pictures(config, loggers, network, data, scorers["val"].protocol)
        trainer.callbacks[:0] = drawn  # type: ignore[attr-defined]
        announce(network, data, trainer)
        hydra = HydraConfig.get()
        announce_cut(data, trainer, hydra.runtime.choices, hydra.overrides.task)
        log_config(loggers, content, network)
        trainer.fit(module, datamodule=data, ckpt_path=config.ckpt_path, weights_only=True)
        metrics.update({k: float(v) for k, v in trainer.callback_metrics.items()})
        trainer.test(module, datamodule=data, verbose=False)
        metrics.update({k: float(v) for k, v in trainer.callback_metrics.items()})
        note_choice(data, metrics)
        present(scorers["test"], network, data, folder.path, config.panels, loggers)
    return metrics.get(config.sweep.metric, math.nan)


def warm_start(config: DictConfig, network: Network, module: RestorationModule) -> None:
    """Fills the network from ``init_from``, and makes sure that ``ckpt_path`` can be continued.

    Raises:
        CheckpointError: a file cannot be read or does not fit.
    """
    adversarial = isinstance(module, GANModule)
    if config.ckpt_path:
        config.ckpt_path = str(chosen_checkpoint(Path(config.ckpt_path)))
        check_resumable(Path(config.ckpt_path), network, adversarial)
        rank_zero_only(print)(f"continues {config.ckpt_path}", flush=True)
    elif config.init_from:
        if anew := fill(network, chosen_checkpoint(Path(config.init_from)), keep=["upsample."]):
            rank_zero_only(print)(
                f"init_from: {', '.join(anew)} start at random values, as those of "
                f"{config.init_from} do not fit this scale; all other weights are taken",
                flush=True,
            )
    elif adversarial:
        rank_zero_warn(
            "the generator starts cold: adversarial training is stable from a network that was "
            "trained on pixels; train it first (experiment=srresnet_paper or srresnet_mini) and "
            "give its checkpoint as init_from=..."
        )

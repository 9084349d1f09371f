"""One training run, from its configuration to its results."""

import math
from pathlib import Path
from typing import Any

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
from sr_experiments.cli.devices import fit_to_devices
from sr_experiments.cli.loggers import build_loggers, log_config
from sr_experiments.cli.network import build_network
from sr_experiments.cli.summary import print_shortened, print_summary
from sr_experiments.errors import ConfigError
from sr_experiments.evaluation.pictures import validation_pictures
from sr_experiments.evaluation.results import note_choice, save_results
from sr_experiments.inference.checkpoints import check_resumable, load_into, read_checkpoint
from sr_experiments.models import Network
from sr_experiments.runs.checkpoints import (
    check_same,
    chosen_checkpoint,
    continues_itself,
    resume_point,
)
from sr_experiments.runs.command import is_cluster_job, is_job
from sr_experiments.runs.folder import RunFolder
from sr_experiments.runs.identity import differences
from sr_experiments.runs.record import record_run
from sr_experiments.signals import StopSignals
from sr_experiments.training.callbacks.ending import Ending
from sr_experiments.training.ganmodule import GANModule
from sr_experiments.training.module import RestorationModule


def training_run(config: DictConfig) -> float:
    """Trains, scores and records; the metric that ``sweep.metric`` names (NaN without it)."""
    content = plain(config)
    path = Path(config.run_dir)
    if is_cluster_job():  # which may have been started before: pre-empted, or out of time
        check_same(path, content)
        before = resume_point(path)
        if before.finished:
            return before.metrics.get(config.sweep.metric, math.nan)
        if before.checkpoint:
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
        _print_changes(Path(config.ckpt_path), content)
    callbacks = [build(f"callbacks.{name}", node) for name, node in config.callbacks.items()]
    signals = StopSignals()
    trainer = build_trainer(config, [], [*callbacks, Ending(signals)], module)
    fit_to_devices(config, trainer, data, module)
    # Nothing is written before all that was typed has been looked at.
    folder = RunFolder(path)
    # A sweep has compared the configurations, and decided what becomes of an earlier attempt.
    goes_on = is_job() or continues_itself(path, config.ckpt_path)
    folder.begin(content, HydraConfig.get().overrides.task, goes_on, trains=True)
    with record_run(folder, trainer, signals) as metrics:
        loggers = trainer.loggers = build_loggers(config, config.ckpt_path)
        protocol = scorers["val"].protocol
        drawn = validation_pictures(loggers, network, data, protocol, config.log_images)
        trainer.callbacks[:0] = drawn  # type: ignore[attr-defined]
        print_summary(network, data, trainer)
        hydra = HydraConfig.get()
        print_shortened(data, trainer, hydra.runtime.choices, hydra.overrides.task)
        log_config(loggers, content, network)
        trainer.fit(module, datamodule=data, ckpt_path=config.ckpt_path, weights_only=True)
        metrics.update({k: float(v) for k, v in trainer.callback_metrics.items()})
        trainer.test(module, datamodule=data, verbose=False)
        metrics.update({k: float(v) for k, v in trainer.callback_metrics.items()})
        note_choice(data, metrics)
        save_results(scorers["test"], network, data, folder.path, config.log_images, loggers)
    return metrics.get(config.sweep.metric, math.nan)


@rank_zero_only
def _print_changes(checkpoint: Path, content: dict[str, Any]) -> None:
    """Prints where the configuration differs from the one that the continued checkpoint holds."""
    changed = differences(read_checkpoint(checkpoint)["config"], content)
    changed.pop("ckpt_path", None)
    if changed:
        said = ", ".join(f"{key} {old} -> {new}" for key, (old, new) in changed.items())
        print(f"changed since: {said}", flush=True)


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
        if anew := load_into(
            network, chosen_checkpoint(Path(config.init_from)), keep=["upsample."]
        ):
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

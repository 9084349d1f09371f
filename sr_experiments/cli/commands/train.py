"""``python train.py``: trains a network and scores it."""

import math
from pathlib import Path

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from pytorch_lightning.utilities import rank_zero_only, rank_zero_warn

from sr_experiments.cli.build import (
    build_data,
    build_loggers,
    build_module,
    build_network,
    build_scorers,
    build_trainer,
)
from sr_experiments.cli.config.check import Config
from sr_experiments.cli.config.instantiate import build, resolve_config
from sr_experiments.cli.devices import plan_batches
from sr_experiments.cli.fast import choose_path
from sr_experiments.cli.summary import print_shortened, print_summary
from sr_experiments.errors import ConfigError
from sr_experiments.evaluation.pictures import validation_pictures
from sr_experiments.evaluation.results import note_choice, save_results
from sr_experiments.inference.checkpoints import check_resumable, load_into, read_checkpoint
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
from sr_experiments.training.loggers import log_config
from sr_experiments.training.module import RestorationModule


def train(composed: DictConfig) -> float:
    """Trains, scores and records; the metric that ``sweep.metric`` names (NaN without it)."""
    config = resolve_config(composed)
    if config["sweep"]["estimate"]:
        raise ConfigError("sweep.estimate: is a sweep's; add -m, also for a single run")
    path, metric = Path(config["run_dir"]), config["sweep"]["metric"]
    checkpoint = Path(config["ckpt_path"]) if config["ckpt_path"] else None
    if is_cluster_job():  # which may have been started before: pre-empted, or out of time
        check_same(path, config)
        before = resume_point(path)
        if before.finished:
            return before.metrics.get(metric, math.nan)
        checkpoint = before.checkpoint or checkpoint
    checkpoint = chosen_checkpoint(checkpoint) if checkpoint else None
    pl.seed_everything(config["seed"], workers=True, verbose=False)
    network = build_network(config)
    plan = plan_batches(config)
    data = build_data(config, network, plan)
    if not data.benchmarks["val"]:
        raise ConfigError(
            "data.val: there is nothing to score during training; set data.held_out=5, or name "
            "images with +data.val.NAME=[FOLDER]"
        )
    scorers = build_scorers(config, data, network)
    fast = choose_path(config, network, plan)
    module = build_module(config, network, scorers, plan, fast)
    if checkpoint:
        check_continued(checkpoint, config, module)
    else:
        warm_start(config, module)
    chosen = config.get("callbacks") or {}
    callbacks = [build(f"callbacks.{name}", node) for name, node in chosen.items()]
    signals = StopSignals()
    trainer = build_trainer(config, module, plan, [*callbacks, Ending(signals)], fast)
    # Nothing is written before all that was typed has been looked at.
    folder = RunFolder(path)
    # A sweep has compared the configurations, and decided what becomes of an earlier attempt.
    goes_on = is_job() or continues_itself(path, checkpoint)
    hydra = HydraConfig.get()
    chosen_here = {"fast_path": str(fast)}
    folder.begin(config, hydra.overrides.task, goes_on, trains=True, noted=chosen_here)
    with record_run(folder, trainer, signals) as metrics:
        loggers = trainer.loggers = build_loggers(config, checkpoint)
        protocol, log_images = scorers["val"].protocol, config["log_images"]
        drawn = validation_pictures(loggers, network, data, protocol, log_images)
        trainer.callbacks[:0] = drawn  # type: ignore[attr-defined]
        print_summary(network, data, trainer)
        print_shortened(data, trainer, hydra.runtime.choices, hydra.overrides.task)
        log_config(loggers, config, network)
        start = str(checkpoint) if checkpoint else None
        trainer.fit(module, datamodule=data, ckpt_path=start, weights_only=True)
        metrics.update({k: float(v) for k, v in trainer.callback_metrics.items()})
        trainer.test(module, datamodule=data, verbose=False)
        metrics.update({k: float(v) for k, v in trainer.callback_metrics.items()})
        note_choice(data, metrics)
        save_results(scorers["test"], network, data, folder.path, log_images, loggers)
    return metrics.get(metric, math.nan)


def check_continued(checkpoint: Path, config: Config, module: RestorationModule) -> None:
    """Makes sure that a checkpoint can be continued, and says in what the run differs from it.

    Args:
        checkpoint: the file.
        config: of the run.
        module: the run's.

    Raises:
        CheckpointError: it cannot be read or does not fit.
    """
    check_resumable(checkpoint, module.network, isinstance(module, GANModule))
    _say(f"continues {checkpoint}")
    changed = differences(read_checkpoint(checkpoint)["config"], config)
    changed.pop("ckpt_path", None)
    if changed:
        said = ", ".join(f"{key} {old} -> {new}" for key, (old, new) in changed.items())
        _say(f"changed since: {said}")


def warm_start(config: Config, module: RestorationModule) -> None:
    """Loads ``init_from`` into the network; without, a GAN is told that it starts cold.

    Raises:
        CheckpointError: the file cannot be read or does not fit.
    """
    if config["init_from"]:
        path = chosen_checkpoint(Path(config["init_from"]))
        if anew := load_into(module.network, path, keep=["upsample."]):
            _say(
                f"init_from: {', '.join(anew)} start at random values, as those of "
                f"{config['init_from']} do not fit this scale; all other weights are taken"
            )
    elif isinstance(module, GANModule):
        rank_zero_warn(
            "the generator starts cold: adversarial training is stable from a network that was "
            "trained on pixels; train it first (experiment=srresnet_paper or srresnet_mini) and "
            "give its checkpoint as init_from=..."
        )


@rank_zero_only
def _say(text: str) -> None:
    print(text, flush=True)

"""One evaluation, from its configuration to its results."""

from collections.abc import Sequence
from pathlib import Path

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.cli.as_trained import say, take_over, without_effect
from sr_experiments.cli.assemble import (
    build_data,
    build_scorers,
    build_scoring,
    build_trainer,
    plain,
)
from sr_experiments.cli.loggers import build_loggers, log_config
from sr_experiments.cli.network import build_network, load_trained, padding_remark
from sr_experiments.cli.summary import print_summary
from sr_experiments.errors import ConfigError
from sr_experiments.evaluation.published_table import print_published
from sr_experiments.evaluation.results import save_results
from sr_experiments.inference.bicubic import Bicubic
from sr_experiments.inference.checkpoints import load_into
from sr_experiments.models import Network
from sr_experiments.published import chosen_papers
from sr_experiments.runs.checkpoints import chosen_checkpoint
from sr_experiments.runs.folder import RunFolder
from sr_experiments.runs.record import record_run


def evaluation_run(config: DictConfig) -> float:
    """Loads, scores and records; the mean PSNR on the test sets in dB."""
    plain(config, network=config.ckpt_path is None)
    said = prepare_scoring(config, HydraConfig.get().overrides.task)
    content = plain(config)
    papers = chosen_papers(config.published)
    pl.seed_everything(config.seed, workers=True, verbose=False)
    network = load_network(config)
    if config.weights and (remark := padding_remark(network)):
        said.append(remark)
    data = build_data(config, network, train=False)
    scorers = build_scorers(config, data, network)
    module = build_scoring(content, network, scorers)
    trainer = build_trainer(config, [], [], module)
    log_images = 0 if isinstance(network, Bicubic) else config.log_images
    folder = RunFolder(Path(config.run_dir))
    folder.begin(content, HydraConfig.get().overrides.task)
    with record_run(folder, trainer) as metrics:
        loggers = trainer.loggers = build_loggers(config)
        print_summary(network, data, trainer)
        say(said)
        log_config(loggers, content, network)
        trainer.test(module, datamodule=data, verbose=False)
        metrics.update({k: float(v) for k, v in trainer.callback_metrics.items()})
        save_results(scorers["test"], network, data, folder.path, log_images, loggers)
        rows, channel = scorers["test"].compute(), scorers["test"].protocol.channel
        rank_zero_only(print_published)(rows, channel, papers)
    return metrics["test/psnr"]


def prepare_scoring(config: DictConfig, overrides: Sequence[str]) -> list[str]:
    """Takes over what a checkpoint was trained with; what is not as in training, in lines.

    Raises:
        ConfigError: not exactly one of ``ckpt_path`` and ``weights`` is given, or what was typed
            contradicts the checkpoint.
        CheckpointError: the checkpoint cannot be read.
    """
    if (config.ckpt_path is None) == (config.weights is None):
        raise ConfigError(
            "give either ckpt_path=... (a checkpoint of train.py) or weights=... (a plain state "
            "dict, with model=...; or bicubic, which needs no file)"
        )
    if config.ckpt_path is None:
        return without_effect(overrides)
    config.ckpt_path = str(chosen_checkpoint(Path(config.ckpt_path)))
    return take_over(config, Path(config.ckpt_path), overrides)


def load_network(config: DictConfig) -> Network:
    """The network of ``model`` with the weights of ``ckpt_path`` or ``weights``, or none at all.

    Raises:
        CheckpointError: the file cannot be read or does not fit.
    """
    if config.weights == "bicubic":
        return Bicubic(config.model.scales)
    if config.ckpt_path:
        return load_trained(config.model, Path(config.ckpt_path))
    network = build_network(config.model)
    load_into(network, Path(config.weights))
    return network

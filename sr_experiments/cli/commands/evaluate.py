"""``python evaluate.py``: scores weights, runs side by side, and pictures of any program."""

from collections.abc import Sequence
from pathlib import Path

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.cli.as_trained import say
from sr_experiments.cli.build import (
    build_loggers,
    build_scorers,
    build_scoring,
    build_test_data,
    build_trainer,
)
from sr_experiments.cli.config.check import Config
from sr_experiments.cli.config.instantiate import build, resolve_config
from sr_experiments.cli.devices import BatchPlan
from sr_experiments.cli.side_by_side import load_runs, load_weights, score_side_by_side
from sr_experiments.cli.subject import Subject, load_subject
from sr_experiments.cli.summary import print_summary
from sr_experiments.errors import ConfigError
from sr_experiments.evaluation.benchmark import Row
from sr_experiments.evaluation.matching import match_images, save_image_scores
from sr_experiments.evaluation.protocol import Channel
from sr_experiments.evaluation.published_table import print_published
from sr_experiments.evaluation.results import save_results
from sr_experiments.evaluation.score import score as score_pictures
from sr_experiments.inference.bicubic import Bicubic
from sr_experiments.inference.checkpoints import read_checkpoint
from sr_experiments.published import chosen_papers
from sr_experiments.runs.checkpoints import chosen_checkpoint
from sr_experiments.runs.folder import RunFolder
from sr_experiments.runs.record import record_run
from sr_experiments.training.loggers import log_config


def evaluate(composed: DictConfig) -> float:
    """Loads, scores and records; the mean PSNR on the test sets in dB, of several the best.

    Raises:
        ConfigError: it is not clear what to score, or it is scored on different sets.
        CheckpointError: a file cannot be read or does not fit.
    """
    if sum(composed[key] is not None for key in ("ckpt_path", "weights", "runs", "images")) != 1:
        raise ConfigError(
            "give one of ckpt_path=... (a checkpoint of train.py), weights=[...] (all that "
            "predict.py reads, one or several), runs=[...] (run or sweep folders) and images=... "
            "with reference=... (results of any program)"
        )
    resolve_config(composed, network=False)
    chosen_papers(composed.published)  # a mistake is told before anything is scored
    pl.seed_everything(composed.seed, workers=True, verbose=False)
    typed = HydraConfig.get().overrides.task
    if composed.images is not None:
        return score_images(composed)
    protocols = _listed(composed.protocols)
    if composed.runs is not None:
        return score_side_by_side(load_runs(composed, typed), protocols, typed)
    if composed.ckpt_path is not None:
        composed.ckpt_path = str(chosen_checkpoint(Path(composed.ckpt_path)))
        read_checkpoint(Path(composed.ckpt_path))  # or it is told what it is not
    weights = _listed(composed.weights if composed.ckpt_path is None else composed.ckpt_path)
    if len(weights) == 1 and not protocols:
        return score(load_subject(composed, weights[0], typed), typed)
    return score_side_by_side(load_weights(composed, weights, typed), protocols, typed)


def _listed(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value]


def score_images(composed: DictConfig) -> float:
    """Scores the pictures of ``images`` against ``reference``; their mean PSNR in dB.

    Raises:
        ConfigError: a key is missing, or no picture has a reference.
        ImageError: a picture cannot be read or does not fit its reference.
    """
    config = resolve_config(composed, network=False)
    if not config["reference"]:
        raise ConfigError("reference: needs the folder of the originals beside images=...")
    protocol = build("protocol", config["protocol"])
    if protocol.shave == "scale" and config["scale"] is None:
        raise ConfigError(
            f"scale: protocol {protocol.name} leaves out as many pixels at each side as the scale; "
            "give it, as scale=2, or protocol.shave=0"
        )
    folders = [Path(config[key]).expanduser() for key in ("images", "reference")]
    pairs, unmatched = match_images(*folders)
    say(unmatched)
    images, references = zip(*pairs, strict=True)
    result = score_pictures(images, references, protocol, config["scale"])
    folder = RunFolder(Path(config["run_dir"]))
    folder.begin(config, HydraConfig.get().overrides.task)
    save_image_scores(result, folders[0].name, protocol, config["scale"], folder.path)
    folder.status("finished", metrics={"test/psnr": result.psnr, "test/ssim": result.ssim})
    return result.psnr


def score(subject: Subject, typed: Sequence[str]) -> float:
    """Scores one network; its mean PSNR in dB.

    Args:
        subject: the network, and how it is scored.
        typed: the command line, which is recorded.
    """
    network, config, remarks = subject
    data = build_test_data(config, network)
    scorer = build_scorers(config, data, network)["test"]
    module = build_scoring(config, network, scorer)
    trainer = build_trainer(config, module, BatchPlan(1))
    log_images = 0 if isinstance(network, Bicubic) else config["log_images"]
    folder = RunFolder(Path(config["run_dir"]))
    folder.begin(config, typed)
    with record_run(folder, trainer) as metrics:
        loggers = trainer.loggers = build_loggers(config)
        print_summary(network, data, trainer)
        say(remarks)
        log_config(loggers, config, network)
        trainer.test(module, datamodule=data, verbose=False)
        metrics.update({k: float(v) for k, v in trainer.callback_metrics.items()})
        save_results(scorer, network, data, folder.path, log_images, loggers)
        _print_published(scorer.compute(), scorer.protocol.channel, config)
    return metrics["test/psnr"]


@rank_zero_only
def _print_published(rows: Sequence[Row], channel: Channel, config: Config) -> None:
    print_published(rows, channel, chosen_papers(config["published"]))

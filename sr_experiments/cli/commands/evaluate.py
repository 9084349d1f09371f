"""``python evaluate.py``: scores weights on benchmark sets, and several runs side by side."""

import copy
from collections.abc import Mapping, Sequence
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
from sr_experiments.cli.config.instantiate import resolve_config
from sr_experiments.cli.devices import BatchPlan
from sr_experiments.cli.subject import Subject, load_subject
from sr_experiments.cli.summary import print_summary
from sr_experiments.errors import ConfigError
from sr_experiments.evaluation.benchmark import Row
from sr_experiments.evaluation.protocol import Channel
from sr_experiments.evaluation.published_table import print_published
from sr_experiments.evaluation.results import RunScores, save_comparison, save_results
from sr_experiments.inference.bicubic import Bicubic
from sr_experiments.inference.checkpoints import read_checkpoint
from sr_experiments.published import chosen_papers
from sr_experiments.runs.checkpoints import CHECKPOINTS, chosen_checkpoint
from sr_experiments.runs.folder import RunFolder
from sr_experiments.runs.identity import flatten, numbered
from sr_experiments.runs.read import read_run
from sr_experiments.runs.record import record_run
from sr_experiments.studies.variants import ALL, group_by_variant
from sr_experiments.training.loggers import log_config


def evaluate(composed: DictConfig) -> float:
    """Loads, scores and records; the mean PSNR on the test sets in dB, of several runs the best.

    Raises:
        ConfigError: it is not clear what to score, or runs are scored differently.
        CheckpointError: a file cannot be read or does not fit.
    """
    if sum(composed[key] is not None for key in ("ckpt_path", "weights", "runs")) != 1:
        raise ConfigError(
            "give one of ckpt_path=... (a checkpoint of train.py), runs=[...] (run or sweep "
            "folders, to be put side by side) and weights=... (all that predict.py reads)"
        )
    resolve_config(composed, network=False)
    chosen_papers(composed.published)  # a mistake is told before anything is scored
    pl.seed_everything(composed.seed, workers=True, verbose=False)
    typed = HydraConfig.get().overrides.task
    if composed.runs is None:
        if composed.ckpt_path is not None:
            composed.ckpt_path = str(chosen_checkpoint(Path(composed.ckpt_path)))
            read_checkpoint(Path(composed.ckpt_path))  # or it is told what it is not
        chosen = str(composed.weights if composed.ckpt_path is None else composed.ckpt_path)
        return score(load_subject(composed, chosen, typed), typed)
    return score_side_by_side(load_runs(composed, typed), typed)


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


def score_side_by_side(subjects: Mapping[str, Subject], typed: Sequence[str]) -> float:
    """Scores several networks on the same images; the best one's mean PSNR in dB.

    Args:
        subjects: by name; all are scored in the same way.
        typed: the command line, which is recorded.
    """
    network, config, _ = next(iter(subjects.values()))
    data = build_test_data(config, network)
    scorer = build_scorers(config, data, network)["test"]
    modules = [build_scoring(config, each.network, scorer) for each in subjects.values()]
    trainer = build_trainer(config, modules[0], BatchPlan(1))
    folder = RunFolder(Path(config["run_dir"]))
    folder.begin(config, typed)
    with record_run(folder, trainer) as metrics:
        loggers = build_loggers(config)
        say(dict.fromkeys(line for subject in subjects.values() for line in subject.remarks))
        scores: dict[str, RunScores] = {}
        for (name, subject), module in zip(subjects.items(), modules, strict=True):
            trainer.test(module, datamodule=data, verbose=False)
            scores[name] = RunScores(subject.network, scorer.compute(), scorer.images())
            metrics |= {f"{name}/{key}": value for key, value in scorer.metrics().items()}
        best = max(metrics[f"{name}/psnr"] for name in subjects)
        metrics["test/psnr"] = best
        # Not before, or each run's scores would be logged under the same names.
        trainer.loggers = loggers
        log_config(loggers, config)
        for logger in loggers:
            logger.log_metrics(metrics, 0)
        save_comparison(scores, data, scorer.protocol, folder.path, config["log_images"], loggers)
        rows = next(iter(scores.values())).rows
        _print_published(rows, scorer.protocol.channel, config)
    return best


@rank_zero_only
def _print_published(rows: Sequence[Row], channel: Channel, config: Config) -> None:
    print_published(rows, channel, chosen_papers(config["published"]))


def load_runs(composed: DictConfig, typed: Sequence[str]) -> dict[str, Subject]:
    """What is put side by side: run folders, or the runs inside a sweep's folder, by name.

    Args:
        composed: Hydra's configuration.
        typed: overrides, which win over what checkpoints were trained with.

    Raises:
        ConfigError: there is no run, or the runs are scored differently.
        CheckpointError: a checkpoint cannot be read.
    """
    folders = [composed.runs] if isinstance(composed.runs, str) else composed.runs
    paths = [p for folder in folders for p in _checkpoints(Path(folder), composed.checkpoint)]
    names = labels([path.parents[1] for path in paths])
    subjects: dict[str, Subject] = {}
    for name, path in zip(names, paths, strict=True):
        own = copy.deepcopy(composed)
        subjects[name] = load_subject(own, str(path), typed)
    for name, subject in subjects.items():
        check_alike(names[0], subjects[names[0]].config, name, subject.config)
    return subjects


def check_alike(name: str, config: Config, other_name: str, other: Config) -> None:
    """Makes sure that two runs are scored on the same images in the same way.

    Args:
        name: of the one.
        config: its configuration.
        other_name: of the other.
        other: its configuration.

    Raises:
        ConfigError: they are not.
    """
    ours, theirs = flatten(config), flatten(other)
    for key in ("model.scales", "protocol", "data.root", "data.test", "data.low_resolution"):
        of_key = [k for k in ours | theirs if f"{k}.".startswith(f"{key}.")]
        unlike = [k for k in of_key if ours.get(k) != theirs.get(k)]
        if unlike:
            typed = "data" if key in ("data.root", "data.test") else key
            raise ConfigError(
                f"runs: {name} and {other_name} are scored differently, {unlike[0]}="
                f"{ours.get(unlike[0])} and {theirs.get(unlike[0])}; choose for all: {typed}=..."
            )


def labels(runs: Sequence[Path]) -> list[str]:
    """Short names that tell runs apart: as in a report, with seeds where these differ."""
    read = [read_run(folder) for folder in runs]
    names = [""] * len(runs)
    for name, members in group_by_variant(read).items():
        for i, run in enumerate(read):
            if any(run is member for member in members):
                seed = f"seed {run.seed}" if len(members) > 1 and run.seed is not None else ""
                own = "" if name == ALL else name
                names[i] = f"{own} {seed}".strip() or run.folder.name
    return numbered(
        [n if names.count(n) == 1 else f"{n} ({r.name})" for n, r in zip(names, runs, strict=True)]
    )


def _checkpoints(folder: Path, name: str) -> list[Path]:
    found = [
        chosen_checkpoint(path)
        for run in (folder, *sorted(folder.glob("*"), key=lambda p: (len(p.name), p.name)))
        if (path := run / CHECKPOINTS / name).is_file()
    ]
    if not found:
        raise ConfigError(f"runs: no checkpoints/{name} in {folder} or in the folders in it")
    return found

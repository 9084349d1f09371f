"""``evaluate.py`` with several weights, runs or protocols: one table of all."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import pytorch_lightning as pl
from omegaconf import DictConfig

from sr_experiments.cli.as_trained import say
from sr_experiments.cli.build import (
    build_loggers,
    build_scorers,
    build_scoring,
    build_test_data,
    build_trainer,
)
from sr_experiments.cli.config.check import Config
from sr_experiments.cli.devices import BatchPlan
from sr_experiments.cli.subject import Subject, load_subject, weights_path
from sr_experiments.data import RestorationDataModule
from sr_experiments.errors import ConfigError
from sr_experiments.evaluation.benchmark import BenchmarkScore
from sr_experiments.evaluation.comparison import Scored
from sr_experiments.evaluation.protocol import NAMED
from sr_experiments.evaluation.results import save_comparison
from sr_experiments.memory import peak_memory
from sr_experiments.models import Network
from sr_experiments.models.cost import multiply_adds, parameters
from sr_experiments.published import chosen_papers
from sr_experiments.runs.checkpoints import CHECKPOINTS, chosen_checkpoint, run_of
from sr_experiments.runs.folder import RunFolder
from sr_experiments.runs.identity import flatten, numbered
from sr_experiments.runs.read import read_run
from sr_experiments.runs.record import record_run
from sr_experiments.studies.variants import ALL, group_by_variant
from sr_experiments.training.loggers import log_config
from sr_experiments.training.module import RestorationModule

_SETS = ("data.root", "data.test", "data.low_resolution")
_SCORING = ("model.scales", "protocol", *_SETS)


class _Job(NamedTuple):
    """A network that is scored by one protocol."""

    name: str
    network: Network
    data: RestorationDataModule
    scorer: BenchmarkScore
    module: RestorationModule


def score_side_by_side(
    subjects: Mapping[str, Subject], protocols: Sequence[str], typed: Sequence[str]
) -> float:
    """Scores several networks, or by several protocols; the best mean PSNR in dB.

    Args:
        subjects: by name; all on the same sets.
        protocols: names; empty: each network's own.
        typed: the command line, which is recorded.
    """
    jobs = [job for name, subject in subjects.items() for job in _jobs(name, subject, protocols)]
    config = next(iter(subjects.values())).config
    trainer = build_trainer(config, jobs[0].module, BatchPlan(1))
    folder = RunFolder(Path(config["run_dir"]))
    folder.begin(config, typed)
    with record_run(folder, trainer) as metrics:
        loggers = build_loggers(config)
        say(dict.fromkeys(line for subject in subjects.values() for line in subject.remarks))
        scored: list[Scored] = []
        for job in jobs:
            scored.append(_score(job, trainer))
            key = f"{job.name} {job.scorer.protocol.name}" if protocols else job.name
            metrics |= {f"{key}/{name}": value for name, value in job.scorer.metrics().items()}
        best = max(value for name, value in metrics.items() if name.endswith("/psnr"))
        metrics["test/psnr"] = best
        # Not before, or each run's scores would be logged under the same names.
        trainer.loggers = loggers
        log_config(loggers, config)
        for logger in loggers:
            logger.log_metrics(metrics, 0)
        networks = {job.name: job.network for job in jobs}
        alike = {(str(job.scorer.protocol), job.network.scales) for job in jobs}
        drawn = networks if len(alike) == 1 else {}  # others no picture could show side by side
        papers, count = chosen_papers(config["published"]), config["log_images"]
        save_comparison(scored, drawn, jobs[0].data, folder.path, count, papers, loggers)
    return best


def _jobs(name: str, subject: Subject, protocols: Sequence[str]) -> Iterator[_Job]:
    for config in _configs(subject.config, protocols):
        data = build_test_data(config, subject.network)
        scorer = build_scorers(config, data, subject.network)["test"]
        module = build_scoring(config, subject.network, scorer)
        yield _Job(name, subject.network, data, scorer, module)


def _score(job: _Job, trainer: pl.Trainer) -> Scored:
    def test() -> None:
        trainer.test(job.module, datamodule=job.data, verbose=False)

    peak = peak_memory(test, trainer.strategy.root_device)
    costs = parameters(job.network), _multiply_adds(job.network), peak
    rows, images = job.scorer.compute(), job.scorer.images()
    return Scored(job.name, job.scorer.protocol, rows, images, *costs)


def _configs(config: Config, protocols: Sequence[str]) -> Iterator[Config]:
    """A configuration for each protocol, with the degradation that was trained for."""
    if not protocols:
        yield config
    for name in protocols:
        if name not in NAMED:
            raise ConfigError(f"protocols: {name!r} is none of {', '.join(NAMED)}")
        own = config["protocol"]
        fields = {k: v for k, v in asdict(NAMED[name]).items() if k != "degradation"}
        yield {**config, "protocol": {**own, **fields}}


def _multiply_adds(network: Network) -> int | None:
    with suppress(Exception):  # code of others, on tensors without storage
        return multiply_adds(network)
    return None


def load_weights(
    composed: DictConfig, weights: Sequence[str], typed: Sequence[str]
) -> dict[str, Subject]:
    """What is put side by side, by name: anything that ``weights=`` takes.

    Bicubic interpolation is in every table, so that among others its name adds nothing.

    Args:
        composed: Hydra's configuration.
        weights: the values.
        typed: overrides, which win over what was trained.

    Raises:
        ConfigError: there is nothing to compare, or on other sets.
        CheckpointError: something cannot be read.
    """
    chosen = [each for each in weights if each != "bicubic"] or list(weights)
    if not chosen:
        raise ConfigError("weights: names nothing; give files, run folders, shipped names, bicubic")
    names = numbered([_name(each) for each in chosen])
    subjects = {
        name: load_subject(copy.deepcopy(composed), each, typed)
        for name, each in zip(names, chosen, strict=True)
    }
    for name, subject in subjects.items():
        check_alike(names[0], subjects[names[0]].config, name, subject.config, "weights", _SETS)
    return subjects


def _name(weights: str) -> str:
    if weights == "bicubic":
        return weights
    path = weights_path(weights)
    run = run_of(path)
    return run.name if run != path.parent else path.stem


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
        subjects[name] = load_subject(copy.deepcopy(composed), str(path), typed)
    for name, subject in subjects.items():
        check_alike(names[0], subjects[names[0]].config, name, subject.config)
    return subjects


def check_alike(
    name: str,
    config: Config,
    other_name: str,
    other: Config,
    given: str = "runs",
    keys: Sequence[str] = _SCORING,
) -> None:
    """Makes sure that two runs are scored on the same images in the same way.

    Args:
        name: of the one.
        config: its configuration.
        other_name: of the other.
        other: its configuration.
        given: the key that names both.
        keys: where they have to agree.

    Raises:
        ConfigError: they are not.
    """
    ours, theirs = flatten(config), flatten(other)
    for key in keys:
        of_key = [k for k in ours | theirs if f"{k}.".startswith(f"{key}.")]
        unlike = [k for k in of_key if ours.get(k) != theirs.get(k)]
        if unlike:
            typed = "data" if key in ("data.root", "data.test") else key
            raise ConfigError(
                f"{given}: {name} and {other_name} are scored differently, {unlike[0]}="
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

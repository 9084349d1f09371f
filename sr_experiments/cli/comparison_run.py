"""Scores the networks of several runs on the same images and draws them side by side."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.cli.as_trained import say, take_over
from sr_experiments.cli.assemble import (
    build_data,
    build_scorers,
    build_scoring,
    build_trainer,
    plain,
)
from sr_experiments.cli.network import load_trained
from sr_experiments.data import RestorationDataModule
from sr_experiments.errors import ConfigError
from sr_experiments.evaluation.benchmark import BenchmarkScore, Row
from sr_experiments.evaluation.panel import draw_comparison
from sr_experiments.evaluation.published_table import print_published
from sr_experiments.evaluation.results import panel_items
from sr_experiments.evaluation.table import print_tradeoff, write_tradeoff
from sr_experiments.imaging import save_image
from sr_experiments.models import Network
from sr_experiments.published import chosen_papers
from sr_experiments.runs.checkpoints import CHECKPOINTS, chosen_checkpoint
from sr_experiments.runs.identity import flatten, numbered
from sr_experiments.runs.read import read_run
from sr_experiments.studies.variants import ALL, group_by_variant


def comparison_run(config: DictConfig) -> float:
    """Scores, prints, draws and writes; the best mean PSNR over the sets in dB."""
    plain(config, network=False)
    chosen_papers(config.published)  # a mistake is told before anything is scored
    runs = load_runs(config, HydraConfig.get().overrides.task)
    networks = {name: run.network for name, run in runs.items()}
    first = next(iter(runs.values()))
    data = build_data(first.config, first.network, train=False)
    scorer = build_scorers(first.config, data, first.network)["test"]
    modules = [build_scoring({}, net, {"test": scorer}) for net in networks.values()]
    trainer = build_trainer(config, [], [], modules[0])
    say(dict.fromkeys(line for run in runs.values() for line in run.said))
    rows = {}
    for name, module in zip(networks, modules, strict=True):
        trainer.test(module, datamodule=data, verbose=False)
        rows[name] = scorer.compute()
    _present(config, rows, networks, data, scorer)
    return max(sum(row.psnr for row in of_run) / len(of_run) for of_run in rows.values())


@rank_zero_only
def _present(
    config: DictConfig,
    rows: Mapping[str, list[Row]],
    networks: Mapping[str, Network],
    data: RestorationDataModule,
    scorer: BenchmarkScore,
) -> None:
    folder = Path(config.run_dir)
    print_tradeoff(rows, scorer.protocol)
    print_published(
        next(iter(rows.values())), scorer.protocol.channel, chosen_papers(config.published)
    )
    write_tradeoff(rows, scorer.protocol, folder / "comparison.csv")
    if config.log_images:
        chosen = panel_items(data, config.log_images)
        picture = folder / "images" / "comparison.png"
        evaluated = {name: network.eval() for name, network in networks.items()}
        save_image(draw_comparison(evaluated, chosen, scorer.protocol), picture)
        print(f"panel: {picture}")


@dataclass(frozen=True)
class TrainedRun:
    """A run's network, how it is scored, and what of that is not as in training."""

    network: Network
    config: DictConfig
    said: list[str]


def load_runs(config: DictConfig, overrides: Sequence[str]) -> dict[str, TrainedRun]:
    """What is compared: run folders, or the runs inside a sweep's folder, by name.

    Raises:
        ConfigError: there is no run, or the runs are scored differently.
        CheckpointError: a checkpoint cannot be read.
    """
    paths = [p for folder in config.runs for p in _checkpoints(Path(folder), config.checkpoint)]
    names = labels([path.parents[1] for path in paths])
    runs: dict[str, TrainedRun] = {}
    for name, path in zip(names, paths, strict=True):
        own = copy.deepcopy(config)
        said = take_over(own, path, overrides)
        plain(own)
        runs[name] = TrainedRun(load_trained(own.model, path), own, said)
    for name, run in runs.items():
        check_alike(names[0], runs[names[0]].config, name, run.config)
    return runs


def check_alike(name: str, config: DictConfig, other_name: str, other: DictConfig) -> None:
    """Makes sure that two runs are scored on the same images in the same way.

    Raises:
        ConfigError: they are not.
    """
    for key in ("model.scales", "protocol", "data.root", "data.test", "data.low_resolution"):
        ours, theirs = (_flat(c, key) for c in (config, other))
        unlike = [k for k in ours | theirs if ours.get(k) != theirs.get(k)]
        if unlike:
            typed = "data" if key in ("data.root", "data.test") else key
            raise ConfigError(
                f"runs: {name} and {other_name} are scored differently, {unlike[0]}="
                f"{ours.get(unlike[0])} and {theirs.get(unlike[0])}; choose for all: {typed}=..."
            )


def _flat(config: DictConfig, key: str) -> dict[str, Any]:
    node = OmegaConf.select(config, key)
    plain = OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node
    return flatten(plain, key)


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

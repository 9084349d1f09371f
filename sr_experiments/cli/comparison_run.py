"""Scores the networks of several runs on the same images and draws them side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml
from omegaconf import DictConfig, OmegaConf

from sr_experiments.batches import EvaluationItem
from sr_experiments.cli.assemble import build_data, build_scorers, plain
from sr_experiments.cli.network import build_network, chosen_model
from sr_experiments.cli.results import shown
from sr_experiments.data.evaluation_set import EvaluationSet
from sr_experiments.errors import ConfigError
from sr_experiments.evaluation.benchmark import BenchmarkScore, Row
from sr_experiments.evaluation.panel import draw_comparison
from sr_experiments.evaluation.tradeoff import print_tradeoff, write_tradeoff
from sr_experiments.imaging import save_image
from sr_experiments.inference.checkpoints import fill
from sr_experiments.inference.stored_model import stored_model
from sr_experiments.models import Network


def comparison_run(config: DictConfig) -> float:
    """Scores, prints, draws and writes; the best mean PSNR over the sets in dB."""
    plain(config)
    networks = load_runs(
        [Path(run) for run in config.runs], config.checkpoint, chosen_model(config)
    )
    first = next(iter(networks.values()))
    data = build_data(config, first)
    scorer = build_scorers(config, data, first)["test"]
    items = EvaluationSet(data.benchmarks["test"], first.scales)
    images = [items[i] for i in range(len(items))]
    rows = {name: _score(scorer, network, images) for name, network in networks.items()}
    folder = Path(config.run_dir)
    print_tradeoff(rows, scorer.protocol)
    write_tradeoff(rows, scorer.protocol, folder / "comparison.csv")
    if config.panels:
        chosen = shown(data, first, config.panels)
        picture = folder / "images" / "comparison.png"
        save_image(draw_comparison(networks, chosen, scorer.protocol), picture)
        print(f"panel: {picture}")
    return max(sum(row.psnr for row in of_run) / len(of_run) for of_run in rows.values())


def load_runs(
    folders: Sequence[Path], checkpoint: str, chosen: Mapping[str, Any]
) -> dict[str, Network]:
    """The networks of run folders, or of the runs inside a sweep's folder, by name.

    Args:
        folders: of runs or sweeps.
        checkpoint: which one of each run, as "last.ckpt".
        chosen: the resolved ``model`` of the command line; see `stored_model`.

    Raises:
        ConfigError: there is no run, or the networks have different scales.
        CheckpointError: a checkpoint cannot be read.
    """
    paths = [path for folder in folders for path in _checkpoints(folder, checkpoint)]
    names = labels([path.parents[1] for path in paths])
    networks: dict[str, Network] = {}
    for name, path in zip(names, paths, strict=True):
        networks[name] = build_network(OmegaConf.create(stored_model(path, chosen)))
        fill(networks[name], path)
        networks[name].eval()
    scales = {network.scales for network in networks.values()}
    if len(scales) > 1:
        raise ConfigError(f"runs: the networks are for different scales, {sorted(scales)}")
    return networks


def labels(runs: Sequence[Path]) -> list[str]:
    """What tells runs apart: the one or two overrides that they do not share, or the folders."""
    typed = []
    for run in runs:
        file = run / "overrides.yaml"
        lines = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else []
        typed.append([line for line in lines or [] if not line.startswith("run_dir=")])
    shared = set(typed[0]).intersection(*typed)
    own = [[x.partition("=")[2] for x in line if x not in shared] for line in typed]
    brief = [", ".join(values) if len(values) <= 2 else "" for values in own]
    named = [label or run.name for label, run in zip(brief, runs, strict=True)]
    return [
        n if named.count(n) == 1 else f"{n} ({r.name})" for n, r in zip(named, runs, strict=True)
    ]


def _checkpoints(folder: Path, name: str) -> list[Path]:
    found = [
        path
        for run in (folder, *sorted(folder.glob("*"), key=lambda p: (len(p.name), p.name)))
        if (path := run / "checkpoints" / name).is_file()
    ]
    if not found:
        raise ConfigError(f"runs: no checkpoints/{name} in {folder} or in the folders in it")
    return found


def _score(scorer: BenchmarkScore, network: Network, images: Sequence[EvaluationItem]) -> list[Row]:
    scorer.reset()
    with torch.inference_mode():
        for item in images:
            scorer.update(network, item)
    return scorer.compute()

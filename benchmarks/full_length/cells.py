"""The cells of ``cells.yaml``: which run stands for which cell of a published table."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.config.hints import did_you_mean
from sr_experiments.errors import ConfigError
from sr_experiments.studies.study import Study, read_study, study_jobs

HERE = Path(__file__).parent
#: Where cells are run, and where their states lie that came from another machine.
OUTPUTS, CARRIED = HERE.parents[1] / "outputs" / "full_length", HERE / "runs"


@dataclass(frozen=True)
class Cell:
    """A row of a published table.

    Attributes:
        name: PAPER/TABLE/CELL.
        source: paper and table, for people.
        study: of ``conf/study``, which has recipe and published values.
        variant: of the study.
        overrides: what is changed of the recipe.
        without: keys of the recipe that are left out.
        reading: how long the run is where the paper leaves that open.
        why: what is known about a difference.
    """

    name: str
    source: str
    study: str
    variant: str
    overrides: tuple[str, ...]
    without: tuple[str, ...]
    reading: str
    why: str


def read_cells(path: Path = HERE / "cells.yaml") -> dict[str, Cell]:
    """All cells by name."""
    return {
        f"{table}/{name}": Cell(
            f"{table}/{name}",
            node["source"],
            node["study"],
            variant,
            tuple(node.get("overrides", [])),
            tuple(node.get("without", [])),
            node.get("reading", ""),
            node.get("why", ""),
        )
        for table, node in yaml.safe_load(path.read_text(encoding="utf-8")).items()
        for name, variant in node["cells"].items()
    }


def find_cell(name: str) -> Cell:
    """The cell of this name.

    Raises:
        ConfigError: there is none.
    """
    cells = read_cells()
    if name not in cells:
        raise ConfigError(
            f"CELL={name}: there is no such cell{did_you_mean(name, cells)}; "
            "benchmarks/full_length/cells.yaml has them all"
        )
    return cells[name]


def folder_of(cell: Cell, seed: int, below: Path = OUTPUTS) -> Path:
    """The run folder of a cell and a seed."""
    return below / cell.name / f"seed_{seed}"


@cache
def study_of(cell: Cell) -> Study:
    """The cell's study in full length.

    Raises:
        ConfigError: it has no such variant.
    """
    study = read_study(_in_full(cell.study).study)
    if cell.variant not in study.variants:
        raise ConfigError(f"cells.yaml: {cell.name}: {cell.study} has no variant {cell.variant}")
    return study


def overrides_of(cell: Cell, seed: int, typed: Sequence[str] = ()) -> list[str]:
    """The overrides of ``train.py`` that make the cell's run; what is typed wins."""
    last = {_key(o): o for o in (*cell.overrides, *typed)}
    chosen = [f"study={cell.study}", "study.size=paper", f"seed={seed}", *last.values()]
    planned = study_jobs(_in_full(cell.study), [chosen])
    job = next(job for job in planned if f"study.variant={cell.variant}" in job)
    return [override for override in job if _key(override) not in cell.without]


@cache
def config_of(cell: Cell, seed: int = 0) -> dict[str, Any]:
    """The configuration of the cell's run, without what only a run folder gives it."""
    composed = _composed(overrides_of(cell, seed, ["run_dir=."]))
    return dict(OmegaConf.to_container(composed, resolve=True))


@cache
def _in_full(study: str) -> DictConfig:
    return _composed([f"study={study}", "study.size=paper"])


def _composed(overrides: Sequence[str]) -> DictConfig:
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose("train", list(overrides))


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]

"""The cells of ``cells.yaml``: which run stands for which cell of a published table."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from sr_experiments.cli.conf_dir import conf_dir
from sr_experiments.cli.hints import did_you_mean
from sr_experiments.errors import ConfigError
from sr_experiments.studies.plan import jobs
from sr_experiments.studies.study import Study, read_study

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
        arm: of the study.
        overrides: what is changed of the recipe.
        reading: how long the run is where the paper leaves that open.
    """

    name: str
    source: str
    study: str
    arm: str
    overrides: tuple[str, ...]
    reading: str


def read_cells(path: Path = HERE / "cells.yaml") -> dict[str, Cell]:
    """All cells by name."""
    return {
        f"{table}/{name}": Cell(
            f"{table}/{name}",
            node["source"],
            node["study"],
            arm,
            tuple(node.get("overrides", [])),
            node.get("reading", ""),
        )
        for table, node in yaml.safe_load(path.read_text(encoding="utf-8")).items()
        for name, arm in node["cells"].items()
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
        ConfigError: it has no such arm.
    """
    study = read_study(_compose(cell).study)
    if cell.arm not in study.arms:
        raise ConfigError(f"cells.yaml: {cell.name}: {cell.study} has no arm {cell.arm}")
    return study


def overrides_of(cell: Cell, seed: int, typed: Sequence[str] = ()) -> list[str]:
    """The overrides of ``train.py`` that make the cell's run; what is typed wins."""
    last = {_key(o): o for o in (*cell.overrides, *typed)}
    chosen = [f"study={cell.study}", "study.size=paper", f"seed={seed}", *last.values()]
    planned = jobs(_compose(cell), [chosen])
    return next(job for job in planned if f"study.arm={cell.arm}" in job)


def _compose(cell: Cell):
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose("train", [f"study={cell.study}", "study.size=paper"])


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]

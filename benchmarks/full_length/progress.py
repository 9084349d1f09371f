"""How far the cells are, by their run folders."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.full_length.cells import CARRIED, OUTPUTS, Cell, config_of, study_of
from benchmarks.full_length.state import STARTS, has_ended
from sr_experiments.runs.identity import differences
from sr_experiments.runs.metrics_file import steps_done
from sr_experiments.runs.read import Run, read_run
from sr_experiments.runs.run_files import CONFIG
from sr_experiments.studies.curve_statistics import at_share
from sr_experiments.sweeps.estimate import Estimate, MeasureError, estimate, planned_steps
from sr_experiments.sweeps.job import Job
from sr_experiments.sweeps.slots import processors

# What a run may have otherwise than its cell; the precision is named with the hardware.
_FREE = ("callbacks.last.", "device.precision", "data.residency", "data.root", "data.seed", "seed")
_FREE += ("study.", "ckpt_path")


@dataclass(frozen=True)
class Progress:
    """A run of a cell.

    Attributes:
        cell: the cell.
        run: its folder's content.
        end: "finished", "diverged" or "dead"; empty while it goes on.
        steps: optimizer steps done.
        total: steps of the whole run; None where only a start can tell.
        seconds: of a step, by the run's own clock; None before its first scoring.
        differs: a key in which the run is not the cell; empty where it is.
        starts: where and by which commit it ran, from which step on.
    """

    cell: Cell
    run: Run
    end: str
    steps: int
    total: int | None
    seconds: float | None
    differs: str
    starts: tuple[Mapping[str, Any], ...]

    def values(self) -> list[float | None]:
        """The study's columns, measured; None where the run has none."""
        found: list[float | None] = []
        for column in study_of(self.cell).columns.values():
            curve = self.run.curves.get(column.metric)
            if column.at is None:
                found.append(self.run.metrics.get(column.metric))
            else:
                found.append(at_share(curve, column.at, self.steps) if curve else None)
        return found


def find_runs(cell: Cell, outputs: Path = OUTPUTS, carried: Path = CARRIED) -> list[Progress]:
    """The runs of a cell by seed; of a folder and its copy, the one that is further."""
    by_seed: dict[str, Progress] = {}
    for below in (outputs, carried):
        for folder in sorted((below / cell.name).glob("seed_*")):
            if not (folder / CONFIG).is_file():
                continue
            found = read_progress(cell, folder)
            before = by_seed.get(folder.name)
            if before is None or (bool(found.end), found.steps) > (bool(before.end), before.steps):
                by_seed[folder.name] = found
    return [by_seed[name] for name in sorted(by_seed, key=lambda name: (len(name), name))]


def read_progress(cell: Cell, folder: Path) -> Progress:
    """What a run folder tells."""
    run, steps = read_run(folder), steps_done(folder)
    clocked = [curve for curve in run.curves.values() if np.isfinite(curve.seconds[-1:]).any()]
    seconds = [float(c.seconds[-1] / c.step[-1]) for c in clocked if c.step[-1] > 0][:1]
    lines = (folder / STARTS).read_text().splitlines() if (folder / STARTS).is_file() else []
    return Progress(
        cell,
        run,
        has_ended(folder),
        steps,
        total_steps(run.config, run),
        seconds[0] if seconds else None,
        _difference(cell, run),
        tuple(json.loads(line) for line in lines),
    )


def idle_estimate(config: dict[str, Any]) -> Estimate | None:
    """What this machine was measured to need for a run while it was idle; None if it never was."""

    def unknown() -> Mapping[str, Any]:
        raise MeasureError("only what is known already")

    try:
        return estimate(Job(0, [], Path(), config), str(processors()), unknown, {})
    except MeasureError:
        return None


def hours_needed(progress: Progress) -> float | None:
    """Hours of training that are left, by the run's own clock."""
    if progress.total is None or progress.seconds is None:
        return None
    return max(0, progress.total - progress.steps) * progress.seconds / 3600


def total_steps(config: Mapping[str, Any], run: Run | None = None) -> int | None:
    """Steps by the configuration and, where passes have no fixed length, by the run's curves."""
    trainer, data = config.get("trainer", {}), config.get("data", {})
    fixed = data.get("steps_per_epoch") or config.get("patches", {}).get("steps_per_epoch")
    curves = run.curves.values() if run else ()
    curve = next((c for c in curves if len(c.step)), None)
    each = fixed or (round(float(curve.step[0] / curve.epoch[0])) if curve else None)
    if not each or not trainer.get("max_epochs"):
        return None
    return planned_steps(trainer, each) or None


def _difference(cell: Cell, run: Run) -> str:
    """The first key in which a run is not its cell, with both values."""
    expected = config_of(cell, run.seed or 0)
    for key, (own, wanted) in differences(run.config, expected).items():
        if not key.startswith(_FREE):
            return f"{key}={own} instead of {wanted}"
    return ""

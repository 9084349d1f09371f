"""What one run came to, and whether that is evidence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sr_experiments.studies.run import Curve, Run, State

#: States of runs that failed by what they tested: evidence against their configuration.
LOST: tuple[State, ...] = ("diverged", "dead")
_ACCIDENTS: dict[State, str] = {
    "running": "is running",
    "failed": "failed",
    "killed": "was killed",
    "timeout": "ran out of time",
    "interrupted": "was interrupted",
    "waiting": "has not begun",
    "unreadable": "cannot be read",
}


@dataclass(frozen=True)
class Outcome:
    """What one run came to; ``value`` counts for finished runs alone, NaN is a missing one."""

    seed: int | None
    state: State
    value: float


BySeed = dict[int | None, Outcome]


def outcomes(runs: Sequence[Run], metric: str, measure: Callable[[Curve], float]) -> list[Outcome]:
    """What ``measure`` finds in each run's curve of ``metric``; NaN for runs without that curve."""
    found = []
    for run in runs:
        curve = run.curves.get(metric)
        value = np.nan if curve is None else measure(curve)
        found.append(Outcome(run.seed, run.state, value))
    return found


def by_seed(outcomes: Sequence[Outcome]) -> BySeed:
    """One outcome per seed: accidents yield to finished runs, and those to diverged ones."""
    groups: dict[int | None, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.seed, []).append(outcome)
    found: BySeed = {}
    for seed, group in groups.items():
        lost = [each for each in group if each.state in LOST]
        values = [each.value for each in group if not why_not(each)]
        if not lost and values:
            found[seed] = Outcome(seed, "finished", float(np.mean(values)))
        else:
            found[seed] = (lost or group)[0]
    return found


def why_not(run: Outcome | None) -> str:
    """Why a run is no evidence; empty if it is."""
    if run is None:
        return "is missing"
    if run.state == "finished" and np.isnan(run.value):
        return "has no value"
    return _ACCIDENTS.get(run.state, "")

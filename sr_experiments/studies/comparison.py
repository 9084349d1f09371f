"""Whether one variant's runs end higher than another's, seed by seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sr_experiments.runs.metrics_file import Curve
from sr_experiments.runs.read import Run
from sr_experiments.runs.status import DIVERGED_STATES, State
from sr_experiments.studies.curve_statistics import Better
from sr_experiments.studies.statistics import Array, Estimate, paired

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
class RunOutcome:
    """What one run came to; ``value`` counts for finished runs alone, NaN is a missing one."""

    seed: int | None
    state: State
    value: float


BySeed = dict[int | None, RunOutcome]


def run_outcomes(
    runs: Sequence[Run], metric: str, statistic: Callable[[Curve], float]
) -> list[RunOutcome]:
    """A statistic of each run's curve of a metric; NaN for runs without that curve.

    Args:
        runs: of one variant.
        metric: name of the curves.
        statistic: as :func:`sr_experiments.studies.curve_statistics.final`.
    """
    found = []
    for run in runs:
        curve = run.curves.get(metric)
        value = np.nan if curve is None else statistic(curve)
        found.append(RunOutcome(run.seed, run.state, value))
    return found


def by_seed(outcomes: Sequence[RunOutcome]) -> BySeed:
    """One outcome per seed: accidents yield to finished runs, and those to diverged ones."""
    groups: dict[int | None, list[RunOutcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.seed, []).append(outcome)
    found: BySeed = {}
    for seed, group in groups.items():
        lost = [each for each in group if each.state in DIVERGED_STATES]
        values = [each.value for each in group if not exclusion_reason(each)]
        if not lost and values:
            found[seed] = RunOutcome(seed, "finished", float(np.mean(values)))
        else:
            found[seed] = (lost or group)[0]
    return found


def exclusion_reason(run: RunOutcome | None) -> str:
    """Why a run is no evidence; empty if it is."""
    if run is None:
        return "is missing"
    if run.state == "finished" and np.isnan(run.value):
        return "has no value"
    return _ACCIDENTS.get(run.state, "")


@dataclass(frozen=True)
class ExcludedSeed:
    """A seed that says nothing, because of the run of ``side``."""

    seed: int | None
    side: Literal["a", "b"]
    why: str  # as "is missing", "was killed"


@dataclass(frozen=True)
class Comparison:
    """Runs of variant a against those of b with the same seeds.

    Attributes:
        difference: mean of a - b over the pairs with two numbers, and its 95 % t interval.
        p: two-sided p value of the paired t test; NaN with fewer than two numbers.
        effect: Cohen's d_z with Hedges' correction for few pairs; NaN with fewer than three
            numbers, inf if all differences are the same.
        low: smallest difference that is plausible: the interval's end, or, if a pair is without
            a number, the smallest pair (-inf where a has lost to b); NaN with fewer than two pairs.
        high: largest plausible difference.
        pairs: seeds that count.
        diverged_a: seeds that count where a diverged or died.
        diverged_b: the same for b.
        excluded: seeds that do not count, and why.
        verdict: which way the difference is, if it is beyond doubt.
    """

    difference: Estimate
    p: float
    effect: float
    low: float
    high: float
    pairs: int
    diverged_a: tuple[int | None, ...]
    diverged_b: tuple[int | None, ...]
    excluded: tuple[ExcludedSeed, ...]
    verdict: Literal["higher", "lower", "not distinguishable"]


def compare(
    a: Sequence[RunOutcome], b: Sequence[RunOutcome], better: Better = "higher"
) -> Comparison:
    """Compares the runs of two variants, paired by seed.

    Finished runs give the differences a - b. A run that diverged or died loses against any
    finished one, by more than can be said in numbers; where there are such pairs, all pairs must
    point the same way for a verdict, else the t interval must exclude 0. A verdict needs at least
    two pairs. Runs that failed by accident, are running or missing leave their seed out. Several
    runs with the same seed count once, by their mean; if one of them diverged, as diverged.

    Args:
        a: runs of one variant.
        b: runs of the other one.
        better: which values are better; a diverged run has the worst.
    """
    runs_a, runs_b = by_seed(a), by_seed(b)
    seeds = sorted({*runs_a, *runs_b}, key=lambda seed: (seed is None, seed or 0))
    excluded = [*_excluded(runs_a, seeds, "a"), *_excluded(runs_b, seeds, "b")]
    silent = {each.seed for each in excluded}
    counted = [seed for seed in seeds if seed not in silent]
    worst = -np.inf if better == "higher" else np.inf
    x, diverged_a = _values(runs_a, counted, worst)
    y, diverged_b = _values(runs_b, counted, worst)
    difference, p, effect = paired(x, y)
    low, high = _plausible(x, y, difference)
    return Comparison(
        difference,
        p,
        effect,
        low,
        high,
        len(counted),
        diverged_a,
        diverged_b,
        tuple(excluded),
        "higher" if low > 0 else "lower" if high < 0 else "not distinguishable",
    )


def _excluded(
    runs: BySeed, seeds: Sequence[int | None], side: Literal["a", "b"]
) -> list[ExcludedSeed]:
    return [
        ExcludedSeed(seed, side, why) for seed in seeds if (why := exclusion_reason(runs.get(seed)))
    ]


def _values(
    runs: BySeed, seeds: Sequence[int | None], worst: float
) -> tuple[Array, tuple[int | None, ...]]:
    """The runs' values [N], ``worst`` for lost ones, and the seeds of those."""
    lost = tuple(seed for seed in seeds if runs[seed].state in DIVERGED_STATES)
    values = [worst if seed in lost else runs[seed].value for seed in seeds]
    return np.array(values, dtype=np.float64), lost


def _plausible(x: Array, y: Array, difference: Estimate) -> tuple[float, float]:
    if len(x) < 2:
        return np.nan, np.nan
    if difference.count == len(x):
        return difference.low, difference.high
    with np.errstate(invalid="ignore"):
        pairs = x - y
    # Where both lost, neither is ahead: that pair points nowhere.
    return (-np.inf, np.inf) if np.isnan(pairs).any() else (float(pairs.min()), float(pairs.max()))

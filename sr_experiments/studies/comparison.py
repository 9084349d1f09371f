"""Whether one variant's runs end higher than another's, seed by seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sr_experiments.runs.metrics_file import Curve
from sr_experiments.runs.read import Run
from sr_experiments.runs.status import DIVERGED_STATES, State
from sr_experiments.studies.curve_statistics import Better
from sr_experiments.studies.significance import SideTest, check_side
from sr_experiments.studies.statistics import Array, Estimate, bootstrap_interval, paired

_ACCIDENTS: dict[State, str] = {
    "running": "is running",
    "failed": "failed",
    "killed": "was killed",
    "timeout": "ran out of time",
    "interrupted": "was interrupted",
    "pruned": "was pruned by a search",
    "waiting": "has not begun",
    "unreadable": "cannot be read",
}


@dataclass(frozen=True)
class RunOutcome:
    """What one run came to.

    Attributes:
        seed: runs of two variants are paired by it.
        state: of the run.
        value: counts for finished runs alone; NaN is a missing one, an infinite one is worse or
            better than can be said in numbers.
        span: between which values it lies, where it is not known exactly.
    """

    seed: int | None
    state: State
    value: float
    span: tuple[float, float] | None = None

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest value that it may have."""
        return self.span or (self.value, self.value)


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
        counted = [each for each in group if not exclusion_reason(each)]
        if not lost and counted:
            value = float(np.mean([each.value for each in counted]))
            low, high = np.mean([each.ends for each in counted], axis=0).tolist()
            found[seed] = RunOutcome(seed, "finished", value, (low, high))
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
        effect: Cohen's d_z with Hedges' correction for few pairs; NaN with fewer than three
            numbers, inf if all differences are the same.
        bootstrap: 95 % interval of the mean by the bootstrap; NaN with fewer than eight numbers.
        spans: for each seed that counts, the least, the likely and the greatest a - b [N, 3];
            infinite where one run has lost, and anything where both have.
        diverged_a: seeds that count where a diverged or died.
        diverged_b: the same for b.
        undecided: seeds that count where either may be ahead.
        excluded: seeds that do not count, and why.
    """

    difference: Estimate
    effect: float
    bootstrap: tuple[float, float]
    spans: tuple[tuple[float, float, float], ...]
    diverged_a: tuple[int | None, ...]
    diverged_b: tuple[int | None, ...]
    undecided: tuple[int | None, ...]
    excluded: tuple[ExcludedSeed, ...]

    @property
    def pairs(self) -> int:
        """How many seeds count."""
        return len(self.spans)

    def against(self, bound: float = 0.0) -> SideTest:
        """On which side of a bound the difference lies, and how sure that is."""
        return check_side(np.array(self.spans, dtype=np.float64).reshape(-1, 3), bound)


def compare(
    a: Sequence[RunOutcome], b: Sequence[RunOutcome], better: Better = "higher"
) -> Comparison:
    """Compares the runs of two variants, paired by seed.

    Finished runs give the differences a - b. A run that diverged or died loses against any
    finished one, by more than can be said in numbers; two such runs are level. Runs that failed by
    accident, are running or missing leave their seed out. Several runs with the same seed count
    once, by their mean; if one of them diverged, as diverged.

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
    difference, effect = paired(x[:, 1], y[:, 1])
    spans = _differences(x, y)
    numbers = np.isfinite(x[:, 1]) & np.isfinite(y[:, 1])
    # Where both have lost, there is nothing to decide.
    lost_both = np.isinf(x[:, 1]) & np.isinf(y[:, 1])
    undecided = (spans[:, 0] < 0) & (spans[:, 2] > 0) & ~lost_both
    return Comparison(
        difference,
        effect,
        bootstrap_interval(spans[numbers, 1]),
        tuple((low, likely, high) for low, likely, high in spans.tolist()),
        diverged_a,
        diverged_b,
        tuple(seed for seed, each in zip(counted, undecided, strict=True) if each),
        tuple(excluded),
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
    """Least, likely and greatest value of each run [N, 3], and the seeds of those that are lost."""
    lost = tuple(seed for seed in seeds if runs[seed].state in DIVERGED_STATES)
    rows = []
    for seed in seeds:
        low, high = runs[seed].ends
        rows.append([worst] * 3 if seed in lost else [low, runs[seed].value, high])
    return np.array(rows, dtype=np.float64).reshape(-1, 3), lost


def _differences(x: Array, y: Array) -> Array:
    """Least, likely and greatest x - y [N, 3]; what is no difference but rounding is 0."""
    with np.errstate(invalid="ignore"):
        spans = x - y[:, ::-1]
    # Where both have lost, neither is ahead.
    spans = np.where(np.isnan(spans), [-np.inf, 0.0, np.inf], spans)
    finite = np.abs(np.stack([x, y])[np.isfinite([x, y])])
    noise = 1e-12 * finite.max(initial=0.0)
    return np.where(np.abs(spans) <= noise, 0.0, spans)

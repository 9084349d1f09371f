"""Whether one configuration's runs end higher than another's, seed by seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special, stats

from sr_experiments.studies.measures import Better
from sr_experiments.studies.run import Curve, Run, State
from sr_experiments.studies.statistics import Estimate, estimate

#: States of runs that failed by what they tested: evidence against their configuration.
LOST: tuple[State, ...] = ("diverged", "dead")


@dataclass(frozen=True)
class Outcome:
    """What one run came to; ``value`` counts for finished runs alone, NaN is a missing one."""

    seed: int | None
    state: State
    value: float


@dataclass(frozen=True)
class LeftOut:
    """A seed that says nothing, because of the run of ``side``."""

    seed: int | None
    side: Literal["a", "b"]
    why: str  # as "is missing", "was killed"


@dataclass(frozen=True)
class Comparison:
    """Runs of configuration a against those of b with the same seeds.

    Attributes:
        difference: mean of a - b over the pairs with two numbers, and its 95 % t interval.
        p: two-sided p value of the paired t test; NaN with fewer than two numbers.
        effect: Cohen's d_z with Hedges' correction for few pairs; NaN with fewer than three
            numbers, inf if all differences are the same.
        low: smallest difference that is plausible: the interval's end, or, if a pair is without
            a number, the smallest pair (-inf where a has lost to b); NaN with fewer than two pairs.
        high: largest plausible difference.
        pairs: seeds that count.
        lost_a: seeds that count where a diverged or died.
        lost_b: the same for b.
        left_out: seeds that do not count, and why.
        verdict: which way the difference is, if it is beyond doubt.
    """

    difference: Estimate
    p: float
    effect: float
    low: float
    high: float
    pairs: int
    lost_a: tuple[int | None, ...]
    lost_b: tuple[int | None, ...]
    left_out: tuple[LeftOut, ...]
    verdict: Literal["higher", "lower", "not distinguishable"]


def outcomes(runs: Sequence[Run], metric: str, measure: Callable[[Curve], float]) -> list[Outcome]:
    """What ``measure`` finds in each run's curve of ``metric``; NaN for runs without that curve."""
    found = []
    for run in runs:
        curve = run.curves.get(metric)
        value = np.nan if curve is None else measure(curve)
        found.append(Outcome(run.seed, run.state, value))
    return found


def compare(a: Sequence[Outcome], b: Sequence[Outcome], better: Better = "higher") -> Comparison:
    """Compares the runs of two configurations, paired by seed.

    Finished runs give the differences a - b. A run that diverged or died loses against any
    finished one, by more than can be said in numbers; where there are such pairs, all pairs must
    point the same way for a verdict, else the t interval must exclude 0. Two pairs are the least.
    Runs that failed by accident, are running or missing leave their seed out. Several runs with
    the same seed count once, by their mean; if one of them diverged, as diverged.
    """
    raise NotImplementedError

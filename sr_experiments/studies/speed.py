"""Whether one configuration's runs reach a target sooner than another's, seed by seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sr_experiments.studies.comparison import Comparison, Outcome, compare
from sr_experiments.studies.measures import Better
from sr_experiments.studies.statistics import Estimate


@dataclass(frozen=True)
class Speed:
    """How soon configuration a's runs reach a target, against b's.

    Attributes:
        times: how many times faster a is, reach of b over reach of a, over the pairs where both
            reach it: geometric mean and 95 % interval.
        logs: the comparison of log(reach) that it comes from; its differences are below 0 where a
            is faster.
        never_a: seeds that count where a never reached the target; diverged runs are in
            ``logs.lost_a``.
        never_b: the same for b.
        verdict: which is faster, if it is beyond doubt.
    """

    times: Estimate
    logs: Comparison
    never_a: tuple[int | None, ...]
    never_b: tuple[int | None, ...]
    verdict: Literal["faster", "slower", "not distinguishable"]


def common_target(a: Sequence[Outcome], b: Sequence[Outcome], better: Better) -> float:
    """The target where none is given: the worst final value of all runs that finished.

    So every finished run reaches it. The worse one of the two configurations' means would be
    missed by about every third run of the worse one, and pairs without a number are blunt
    evidence: between equal configurations of three seeds, one comparison in five had a verdict.

    Args:
        a: runs of one configuration with their final values.
        b: runs of the other one.
        better: which values are better.

    Returns:
        The target; NaN if no run has finished.
    """
    values = [each.value for each in (*a, *b) if each.state == "finished"]
    known = [value for value in values if not np.isnan(value)]
    return (min if better == "higher" else max)(known, default=np.nan)


def compare_speed(a: Sequence[Outcome], b: Sequence[Outcome]) -> Speed:
    """Compares when runs reach a target; an outcome's value is its ``reach``, inf for never.

    Seeds are paired, and count, as in ``compare``. A run that never reaches the target loses
    against any that does, as does one that diverged; two such runs are level. A target that runs
    have reached at their first measurement tells when they were measured, not how fast they are.
    """
    logs = compare(_logarithms(a), _logarithms(b), "lower")
    mean = logs.difference
    with np.errstate(over="ignore"):
        middle, low, high = np.exp([-mean.mean, -mean.high, -mean.low]).tolist()
    verdict: Literal["faster", "slower", "not distinguishable"] = "not distinguishable"
    if logs.verdict != "not distinguishable":
        verdict = "faster" if logs.verdict == "lower" else "slower"
    silent = {each.seed for each in logs.left_out}
    return Speed(
        Estimate(middle, low, high, mean.count),
        logs,
        _never(a, silent.union(logs.lost_a)),
        _never(b, silent.union(logs.lost_b)),
        verdict,
    )


def _logarithms(outcomes: Sequence[Outcome]) -> list[Outcome]:
    with np.errstate(divide="ignore"):
        return [Outcome(each.seed, each.state, float(np.log(each.value))) for each in outcomes]


def _never(outcomes: Sequence[Outcome], without: set[int | None]) -> tuple[int | None, ...]:
    never = [each.seed for each in outcomes if each.state == "finished" and np.isinf(each.value)]
    return tuple(dict.fromkeys(seed for seed in never if seed not in without))

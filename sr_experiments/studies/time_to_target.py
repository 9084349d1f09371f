"""Whether one variant's runs reach a target sooner than another's, seed by seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sr_experiments.runs.read import Run
from sr_experiments.studies.comparison import Comparison, RunOutcome, compare
from sr_experiments.studies.curve_statistics import Better, span_to_target, time_to_target
from sr_experiments.studies.statistics import Estimate


@dataclass(frozen=True)
class TimeToTarget:
    """How soon variant a's runs reach a target, against b's.

    Attributes:
        speedup: how many times faster a is, time of b by time of a, over the pairs where both
            reach it: geometric mean and 95 % interval.
        logs: the comparison of log(time) that it comes from; its differences are below 0 where a
            is faster.
        never_a: seeds that count where a never reached the target; diverged runs are in
            ``logs.diverged_a``.
        never_b: the same for b.
    """

    speedup: Estimate
    logs: Comparison
    never_a: tuple[int | None, ...]
    never_b: tuple[int | None, ...]


def times(runs: Sequence[Run], metric: str, target: float, better: Better) -> list[RunOutcome]:
    """The optimizer steps after which runs reach a target; inf for never, NaN without a curve.

    Args:
        runs: of one variant.
        metric: name of the curves.
        target: value to be reached.
        better: which values are better.
    """
    found = []
    for run in runs:
        curve = run.curves.get(metric)
        if curve is None:
            found.append(RunOutcome(run.seed, run.state, np.nan))
            continue
        time = time_to_target(curve, target, better, "step")
        found.append(
            RunOutcome(run.seed, run.state, time, span_to_target(curve, target, better, "step"))
        )
    return found


def common_target(a: Sequence[RunOutcome], b: Sequence[RunOutcome], better: Better) -> float:
    """The target where none is given: the worst final value of all runs that finished.

    So every finished run reaches it. The worse one of the two variants' means would be
    missed by about every third run of the worse one, and pairs without a number are blunt
    evidence: between equal variants of three seeds, one comparison in five had a verdict.

    Args:
        a: runs of one variant with their final values.
        b: runs of the other one.
        better: which values are better.

    Returns:
        The target; NaN if no run has finished.
    """
    values = [each.value for each in (*a, *b) if each.state == "finished"]
    known = [value for value in values if not np.isnan(value)]
    return (min if better == "higher" else max)(known, default=np.nan)


def compare_time_to_target(a: Sequence[RunOutcome], b: Sequence[RunOutcome]) -> TimeToTarget:
    """Compares when runs reach a target; an outcome's value is that time, inf for never.

    Seeds are paired, and count, as in ``compare``. A run that never reaches the target loses
    against any that does while it runs, as does one that diverged; two such runs are level. So are
    two whose spans of time overlap: a target that is passed between two measurements was reached
    at any time between them, and one that is reached at the first measurement at any time before.
    """
    logs = compare(_logarithms(a), _logarithms(b), "lower")
    mean = logs.difference
    with np.errstate(over="ignore"):
        middle, low, high = np.exp([-mean.mean, -mean.high, -mean.low]).tolist()
    silent = {each.seed for each in logs.excluded}
    return TimeToTarget(
        Estimate(middle, low, high, mean.count),
        logs,
        _never(a, silent.union(logs.diverged_a)),
        _never(b, silent.union(logs.diverged_b)),
    )


def _logarithms(outcomes: Sequence[RunOutcome]) -> list[RunOutcome]:
    found = []
    with np.errstate(divide="ignore"):
        for each in outcomes:
            low, high = np.log(each.ends).tolist()
            found.append(RunOutcome(each.seed, each.state, float(np.log(each.value)), (low, high)))
    return found


def _never(outcomes: Sequence[RunOutcome], without: set[int | None]) -> tuple[int | None, ...]:
    never = [each.seed for each in outcomes if each.state == "finished" and np.isinf(each.value)]
    return tuple(dict.fromkeys(seed for seed in never if seed not in without))

"""Whether one configuration's runs reach a target sooner than another's, seed by seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sr_experiments.studies.comparison import Comparison, Outcome
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
    """The target where none is given: the worse of the two configurations' mean final values."""
    raise NotImplementedError


def compare_speed(a: Sequence[Outcome], b: Sequence[Outcome]) -> Speed:
    """Compares when runs reach a target; an outcome's value is its ``reach``, inf for never."""
    raise NotImplementedError

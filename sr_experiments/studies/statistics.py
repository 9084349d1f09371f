"""What several seeds say together: means with their confidence intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from sr_experiments.runs.metrics_file import Curve

Array = NDArray[np.float64]

#: From so many pairs on there is a bootstrap interval.
BOOTSTRAP_PAIRS = 8


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its Student-t confidence interval.

    Attributes:
        mean: NaN without values.
        low: lower end of the interval; NaN with fewer than two values, or an infinite one.
        high: upper end.
        count: number of values.
    """

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Band:
    """Curves of several seeds as one; all arrays [N], one entry per step measured by any seed.

    Attributes:
        step: optimizer steps done, ascending.
        epoch: mean over the seeds measured at that step.
        seconds: mean over those that recorded the time; NaN where none did.
        mean: mean value.
        low: lower end of the mean's confidence interval; NaN where one seed is left.
        high: upper end.
        count: seeds measured at that step: a seed that diverged early is missing later.
    """

    step: Array
    epoch: Array
    seconds: Array
    mean: Array
    low: Array
    high: Array
    count: NDArray[np.int64]


def estimate(values: ArrayLike, confidence: float = 0.95) -> Estimate:
    """Mean of ``values`` [N] with its confidence interval; NaNs are left out.

    An infinite value, as of a target that was never reached, makes the mean infinite.
    """
    column = np.asarray(values, dtype=np.float64).reshape(-1, 1)
    mean, half, count = _over_seeds(column, confidence)
    return Estimate(
        float(mean[0]), float(mean[0] - half[0]), float(mean[0] + half[0]), int(count[0])
    )


def band(curves: Sequence[Curve], confidence: float = 0.95) -> Band:
    """Mean of ``curves`` with its confidence interval, at every step that any of them has."""
    steps = np.unique(np.concatenate([curve.step for curve in curves] or [np.empty(0)]))
    table = np.full((3, len(steps), len(curves)), np.nan)
    for seed, curve in enumerate(curves):
        rows = np.searchsorted(steps, curve.step)
        present = np.where(np.isnan(curve.value), np.nan, 0.0)
        table[:, rows, seed] = curve.value, curve.epoch + present, curve.seconds + present
    mean, half, count = _over_seeds(table[0].T, confidence)
    epoch, seconds = (_over_seeds(part.T, confidence)[0] for part in table[1:])
    return Band(steps, epoch, seconds, mean, mean - half, mean + half, count)


def paired(x: Array, y: Array) -> tuple[Estimate, float]:
    """Mean difference of ``x`` [N] - ``y`` [N] and effect size.

    Pairs with an infinite value are left out. The effect size is Cohen's d_z (mean by standard
    deviation of the differences) with Hedges' correction; NaN with fewer than three pairs.
    Differences that are all the same have d = inf, or 0 if they are 0.
    """
    numbers = np.isfinite(x) & np.isfinite(y)
    x, y = x[numbers], y[numbers]
    differences, count = x - y, len(x)
    if count < 2:
        return estimate(differences), np.nan
    mean = float(differences.mean())
    noise = 1e-12 * max(np.abs(x).max(), np.abs(y).max())
    if np.ptp(differences) <= noise:
        if abs(mean) <= noise:
            return Estimate(0.0, 0.0, 0.0, count), 0.0
        return Estimate(mean, mean, mean, count), float(np.copysign(np.inf, mean))
    effect = np.nan
    if count > 2:
        freedom = count - 1
        logs = special.gammaln([freedom / 2, (freedom - 1) / 2])
        hedges = np.exp(logs[0] - logs[1]) / np.sqrt(freedom / 2)
        effect = float(hedges * mean / differences.std(ddof=1))
    return estimate(differences), effect


def bootstrap_interval(differences: Array) -> tuple[float, float]:
    """95 % interval of the mean of ``differences`` [N] by the bootstrap (BCa, Efron 1987).

    NaN with fewer than eight differences, which are too few to draw from, and where all are the
    same.
    """
    if len(differences) < BOOTSTRAP_PAIRS or not np.ptp(differences):
        return np.nan, np.nan
    sign = 1.0 if differences.mean() >= 0 else -1.0  # so that swapped sides draw the same
    found = stats.bootstrap(
        (np.sort(sign * differences),), np.mean, method="BCa", rng=np.random.default_rng(0)
    ).confidence_interval
    low, high = sorted((sign * found.low, sign * found.high))
    return float(low), float(high)


def _over_seeds(values: Array, confidence: float) -> tuple[Array, Array, NDArray[np.int64]]:
    """Mean, half width of its interval and count, each [N], over the rows of ``values`` [S, N]."""
    count = np.sum(~np.isnan(values), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(values, axis=0) / count
        squares = np.nansum(np.square(values - mean), axis=0)
        error = np.sqrt(squares / (count - 1) / count)
        half = error * special.stdtrit(count - 1, (1 + confidence) / 2)
    half[(count < 2) | ~np.isfinite(mean)] = np.nan
    return mean, half, count

"""Whether paired differences lie beyond doubt on one side of a bound, for one claim or several."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from math import isnan

import numpy as np
from scipy import special, stats

from sr_experiments.studies.statistics import Array, Estimate

#: The error that a verdict may have.
ALPHA = 0.05
_POWER = 0.8
_MOST_PAIRS = 1000
_EXACT_PAIRS = 16  # above, that many random flips take the place of all of them


@dataclass(frozen=True)
class SideTest:
    """On which side of a bound paired differences lie; a p value is 1 where it tells nothing.

    Attributes:
        side: 1 if they are above it on the whole, -1 below, 0 neither.
        exact: two-sided p of the sign-flip test.
        p: two-sided p of the t test; ``exact`` where a pair has no number.
        ranked: whether a pair has no number, so that ranks took the place of the values.
        unanimous: whether all pairs are on that side.
        pairs: how many there are.
    """

    side: int
    exact: float
    p: float
    ranked: bool
    unanimous: bool
    pairs: int


def check_side(spans: Array, bound: float = 0.0) -> SideTest:
    """Tests paired differences against a bound.

    A difference is only known to lie between two values, which mostly are the same; one that may
    lie on either side of the bound points nowhere, and counts as 0 from it. An infinite one is
    that of a run which is worse by more than can be said in numbers.

    Args:
        spans: the least, the likely and the greatest value of each difference [N, 3].
        bound: the value that they are held to.
    """
    low, likely, high = spans.reshape(-1, 3).T
    shifted = np.where((low >= bound) | (high <= bound), likely - bound, 0.0)
    values, ranked = _without_infinity(shifted)
    exact = sign_flip_p(values)
    return SideTest(
        side=int(np.sign(values.sum())),
        exact=exact,
        p=exact if ranked else _t_test(values),
        ranked=ranked,
        unanimous=bool(len(values) and (np.all(values > 0) or np.all(values < 0))),
        pairs=len(values),
    )


def sign_flip_p(differences: Array) -> float:
    """Two-sided p value of the sign-flip test of a mean of 0: exact up to 16 differences.

    If the sides of each pair could as well be swapped, all 2^N signs of the differences [N] are
    equally probable (Fisher, The Design of Experiments, 1935, Sec. 21). With infinite differences
    it is Wilcoxon's signed-rank test, where these share the highest rank. With a single pair 1,
    and never less than 2^(1 - N).
    """
    values, _ = _without_infinity(np.asarray(differences, dtype=np.float64))
    values = values[values != 0]
    if not len(values):
        return 1.0
    # In this order, and with this sign, the random flips are those of any order and either side.
    values = values[np.lexsort((values, np.abs(values)))]
    values = values if values.sum() >= 0 else -values
    observed, noise = values.sum(), 1e-12 * np.abs(values).sum()
    extreme = _signs(len(values)) @ values >= observed - noise
    random = len(values) > _EXACT_PAIRS
    share = (extreme.sum() + random) / (len(extreme) + random)
    return float(min(1.0, 2 * share))


def holm(p_values: Sequence[float]) -> list[float]:
    """P values corrected for being several (Holm, Scand. J. Statistics 1979), in their order."""
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    for place, index in enumerate(np.argsort(p_values, kind="stable")):
        largest = max(largest, (len(p_values) - place) * p_values[index])
        adjusted[index] = min(1.0, largest)
    return adjusted


def adjust(tests: Sequence[SideTest]) -> list[float]:
    """Holm's p value of each test among those of one page; NaN with too few pairs to show anything.

    What too few pairs cannot show is never shown by mistake, and does not count as one of several
    (Tarone, Biometrics 1990).
    """
    able = [i for i, test in enumerate(tests) if test.pairs >= least_pairs()]
    corrected = holm([tests[i].p for i in able])
    found = dict(zip(able, corrected, strict=True))
    return [found.get(i, np.nan) for i in range(len(tests))]


def is_beyond_doubt(test: SideTest, adjusted: float) -> bool:
    """Whether both the exact test and, after Holm's correction, the other p value are below 5 %."""
    return not isnan(adjusted) and max(test.exact, adjusted) < ALPHA


def least_pairs(alpha: float = ALPHA) -> int:
    """The fewest pairs that sign flips can give a p value below ``alpha``: 6 for 5 %."""
    return next(n for n in count(2) if 2.0 ** (1 - n) < alpha)


def pairs_needed(difference: Estimate, alpha: float = ALPHA) -> int | None:
    """How many pairs would tell a paired difference from 0, four times out of five.

    Args:
        difference: mean and 95 % interval of the pairs there are; their spread is taken as it is.
        alpha: the error of the t test.

    Returns:
        The least such number of pairs, and of which the sign-flip test can have 5 %; None beyond
        1000, or where the difference is 0 or unknown.
    """
    half, number = difference.high - difference.mean, difference.count
    if number < 2 or not np.isfinite(half) or not difference.mean:
        return None
    spread = half * np.sqrt(number) / special.stdtrit(number - 1, 0.975)
    pairs, bound = _t_bounds(alpha)
    enough = abs(difference.mean) * np.sqrt(pairs) >= bound * spread
    return max(least_pairs(), int(pairs[enough.argmax()])) if enough.any() else None


@lru_cache
def pairs_needed_by_signs(ahead: int, decided: int, alpha: float = ALPHA) -> int | None:
    """How many pairs would tell by their signs alone, four times out of five (sign test).

    Args:
        ahead: pairs that point one way.
        decided: pairs that point either way; their share is taken as it is.
        alpha: the error of the test.

    Returns:
        The least such number; None beyond 1000, or where half of the pairs or fewer are ahead.
    """
    if 2 * ahead <= decided:
        return None
    pairs = np.arange(2, _MOST_PAIRS + 1)
    # The least number of pairs ahead whose one-sided p is at most alpha / 2.
    bound = stats.binom.isf(alpha / 2, pairs, 0.5) + 1
    enough = stats.binom.sf(bound - 1, pairs, ahead / decided) >= _POWER
    return int(pairs[enough.argmax()]) if enough.any() else None


def _without_infinity(values: Array) -> tuple[Array, bool]:
    """Signed ranks of values some of which are infinite, and whether they are."""
    if np.isfinite(values).all():
        return values, False
    ranks = np.zeros_like(values)
    ranks[values != 0] = stats.rankdata(np.abs(values[values != 0]))
    return np.sign(values) * ranks, True


def _t_test(values: Array) -> float:
    number = len(values)
    if number < 2 or not values.any():
        return 1.0
    error = values.std(ddof=1) / np.sqrt(number)
    if not error:
        return 0.0
    return float(2 * special.stdtr(number - 1, -abs(values.mean() / error)))


@lru_cache
def _signs(number: int) -> Array:
    """All signs of so many values [2^N, N], or as many random ones as of 16."""
    if number > _EXACT_PAIRS:
        bits = np.random.default_rng(0).integers(0, 2, (2**_EXACT_PAIRS, number))
    else:
        bits = np.arange(2**number)[:, None] >> np.arange(number) & 1
    return np.where(bits, -1.0, 1.0)


@lru_cache
def _t_bounds(alpha: float) -> tuple[Array, Array]:
    pairs = np.arange(2.0, _MOST_PAIRS + 1)
    quantiles = special.stdtrit(pairs - 1, 1 - alpha / 2) + special.stdtrit(pairs - 1, _POWER)
    return pairs, quantiles

"""What a comparison says about a claim."""

from dataclasses import dataclass
from math import inf, log1p
from typing import Literal

from sr_experiments.errors import ConfigError
from sr_experiments.studies.comparison import Comparison
from sr_experiments.studies.speed import Speed
from sr_experiments.studies.wording import Names, enough, headline, remarks

Verdict = Literal["supports", "contradicts", "cannot tell"]
_OF_VALUES = ("higher", "lower", "not higher")
_OF_SPEED = ("faster", "slower", "not faster")


@dataclass(frozen=True)
class Judgement:
    """A claim's verdict, and why in one or two sentences."""

    verdict: Verdict
    words: str


def judge(
    expect: str,
    comparison: Comparison | Speed,
    margin: float = 0.0,
    *,
    names: Names,
    unit: str = "",
    verb: str = "ends",
) -> Judgement:
    """Holds a comparison against what was expected of it.

    "higher" says that the true difference a - b is above ``margin``: it is supported where the
    whole interval is, contradicted where none of it is. "lower", "faster" and "slower" are the
    same the other way or on the times of reaching the target; "not higher" and "not faster" are
    the opposites. "same" says that the difference is within ±``margin``: supported where the
    whole interval is (two one-sided tests, each at 2.5 %), contradicted where the interval is
    wholly outside. One pair never tells, nor do runs that all reach a target at the same
    measurements.

    Args:
        expect: higher, lower, not higher, faster, slower, not faster or same.
        comparison: of values or of speed, as the expectation is.
        margin: in the values' unit; for speed relative, 0.1 is 10 % faster.
        names: of configurations a and b.
        unit: of the values, as "dB".
        verb: what is compared: "ends" for final values, as "peaks" for best ones.

    Raises:
        ConfigError: ``expect`` is unknown or not about this kind of comparison, or ``margin`` is
            negative or infinite, or 0 with "same".
    """
    _check(expect, comparison, margin)
    if isinstance(comparison, Speed):
        low, high, bound = -comparison.logs.high, -comparison.logs.low, log1p(margin)
        pairs, size = comparison.logs.pairs, f"{margin:.0%}"
    else:
        low, high, bound, pairs = comparison.low, comparison.high, margin, comparison.pairs
        size = f"{margin:g} {unit}".rstrip()
    at_once = isinstance(comparison, Speed) and low == high == 0  # at the same measurements
    verdict: Verdict = "cannot tell" if at_once else _verdict(expect, low, high, bound)
    limit = f" against a margin of {size}" if margin and pairs else ""
    few = ", and one pair is no evidence" if pairs == 1 else ""
    unsure = verdict == "cannot tell" and not margin
    more = enough(comparison) if unsure else ""
    first = f"{headline(comparison, names, unit, verb)}{limit}{few}{more}."
    return Judgement(verdict, " ".join([first, *remarks(comparison, names)]))


def _verdict(expect: str, low: float, high: float, bound: float) -> Verdict:
    """Where the interval lies; one of NaNs, as of a single pair, lies nowhere."""
    if expect in ("lower", "slower"):
        low, high = -high, -low
    if expect == "same":
        true, false = -bound <= low and high <= bound, low > bound or high < -bound
    else:
        true, false = low > bound, high <= bound
    if expect.startswith("not "):
        true, false = false, true
    return "supports" if true else "contradicts" if false else "cannot tell"


def _check(expect: str, comparison: Comparison | Speed, margin: float) -> None:
    fitting = _OF_SPEED if isinstance(comparison, Speed) else _OF_VALUES
    if expect not in (*_OF_VALUES, *_OF_SPEED, "same"):
        known = ", ".join((*_OF_VALUES, *_OF_SPEED, "same"))
        raise ConfigError(f"expect must be one of {known}; not {expect!r}")
    if expect not in (*fitting, "same"):
        what = "speed" if isinstance(comparison, Speed) else "values"
        raise ConfigError(f"expect={expect} does not fit a comparison of {what}")
    if not 0 <= margin < inf or (expect == "same" and margin == 0):
        least = "above 0 with expect=same" if expect == "same" else "0 or more"
        raise ConfigError(f"margin must be {least}: what counts as a difference; not {margin:g}")

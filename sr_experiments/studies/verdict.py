"""What a comparison says about a claim, in words and figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor, inf, isfinite, log1p, log10
from typing import Literal

from sr_experiments.errors import ConfigError
from sr_experiments.studies.comparison import Comparison
from sr_experiments.studies.statistics import pairs_needed
from sr_experiments.studies.time_to_target import TimeToTarget

Names = tuple[str, str]
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
    comparison: Comparison | TimeToTarget,
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
        names: of variants a and b.
        unit: of the values, as "dB".
        verb: what is compared: "ends" for final values, as "peaks" for best ones.

    Raises:
        ConfigError: ``expect`` is unknown or not about this kind of comparison, or ``margin`` is
            negative or infinite, or 0 with "same".
    """
    _check(expect, comparison, margin)
    if isinstance(comparison, TimeToTarget):
        low, high, bound = -comparison.logs.high, -comparison.logs.low, log1p(margin)
        pairs, size = comparison.logs.pairs, f"{margin:.0%}"
    else:
        low, high, bound, pairs = comparison.low, comparison.high, margin, comparison.pairs
        size = f"{margin:g} {unit}".rstrip()
    at_once = isinstance(comparison, TimeToTarget) and low == high == 0  # at the same measurements
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


def _check(expect: str, comparison: Comparison | TimeToTarget, margin: float) -> None:
    fitting = _OF_SPEED if isinstance(comparison, TimeToTarget) else _OF_VALUES
    if expect not in (*_OF_VALUES, *_OF_SPEED, "same"):
        known = ", ".join((*_OF_VALUES, *_OF_SPEED, "same"))
        raise ConfigError(f"expect must be one of {known}; not {expect!r}")
    if expect not in (*fitting, "same"):
        what = "speed" if isinstance(comparison, TimeToTarget) else "values"
        raise ConfigError(f"expect={expect} does not fit a comparison of {what}")
    if not 0 <= margin < inf or (expect == "same" and margin == 0):
        least = "above 0 with expect=same" if expect == "same" else "0 or more"
        raise ConfigError(f"margin must be {least}: what counts as a difference; not {margin:g}")


def describe(
    comparison: Comparison | TimeToTarget, names: Names, unit: str = "", verb: str = "ends"
) -> str:
    """A comparison in one sentence, and more where runs have no number or do not count.

    Args:
        comparison: of values, or of speed.
        names: of variants a and b.
        unit: of the values, as "dB".
        verb: what is compared: "ends" for final values, as "peaks" for best ones.
    """
    first = f"{headline(comparison, names, unit, verb)}{enough(comparison)}."
    return " ".join([first, *remarks(comparison, names)])


def headline(comparison: Comparison | TimeToTarget, names: Names, unit: str, verb: str) -> str:
    """The difference, its interval, the number of pairs and the effect size; no full stop.

    Args:
        comparison: of values, or of speed.
        names: of variants a and b.
        unit: of the values, as "dB".
        verb: what is compared, as "ends".
    """
    a, b = names
    logs = comparison.logs if isinstance(comparison, TimeToTarget) else comparison
    if isinstance(comparison, TimeToTarget):
        verb, (amount, interval) = "reaches the target", _times(comparison)
    else:
        amount, interval = _amount(comparison, unit)
    count, pairs = logs.difference.count, logs.pairs
    clear = logs.verdict != "not distinguishable"
    sentence = f"{a} {verb} {amount} {b}"
    if not pairs:
        return f"{a} and {b} have no seed that counts for both"
    if count < pairs:
        mean = f"; over the {count} with numbers for both, {sentence}" if count else ""
        if clear:
            return f"{a} {verb} {comparison.verdict} than {b} in all {pairs} pairs{mean}"
        if pairs == 1:
            return f"{a} and {b} have one pair, without numbers for both"
        return f"The {pairs} pairs of {a} and {b} do not all point one way{mean}"
    if pairs == 1:
        return f"{sentence} (one pair)"
    if pairs == 2 and not clear:  # whose interval is wider than anything that was measured
        return f"{sentence} in 2 pairs, which cannot tell"
    effect = f", d = {abs(logs.effect):.1f}" if isfinite(logs.effect) else ""
    chance = "" if clear else ", which is not distinguishable"
    return f"{sentence} ({interval}, {pairs} pairs{effect}){chance}"


def enough(comparison: Comparison | TimeToTarget) -> str:
    """How many pairs would tell, as the end of a sentence; empty where these do, or none might."""
    logs = comparison.logs if isinstance(comparison, TimeToTarget) else comparison
    found = logs.difference
    if (
        logs.verdict != "not distinguishable"
        or not 2 <= found.count == logs.pairs
        or not found.mean
    ):
        return ""
    needed = pairs_needed(found)
    many = f"about {max(needed, logs.pairs + 1)}" if needed else "more than 1000"
    return f"; {many} pairs of this spread would tell"


def remarks(comparison: Comparison | TimeToTarget, names: Names) -> list[str]:
    """Sentences on the runs that have no number and on the seeds that do not count."""
    a, b = names
    speed = comparison if isinstance(comparison, TimeToTarget) else None
    logs = comparison.logs if isinstance(comparison, TimeToTarget) else comparison
    sentences = [
        f"{name} {what} with {_seeds(seeds)}."
        for name, what, seeds in (
            (a, "never reached it", speed.never_a if speed else ()),
            (b, "never reached it", speed.never_b if speed else ()),
            (a, "diverged or died", logs.diverged_a),
            (b, "diverged or died", logs.diverged_b),
        )
        if seeds
    ]
    reasons: dict[str, list[int | None]] = {}
    for each in logs.excluded:
        reasons.setdefault(f"{a if each.side == 'a' else b} {each.why}", []).append(each.seed)
    if reasons:
        whys = "; ".join(f"{why} with {_seeds(seeds)}" for why, seeds in reasons.items())
        count = len({each.seed for each in logs.excluded})
        sentences.append(f"Left out {'is 1 pair' if count == 1 else f'are {count} pairs'}: {whys}.")
    return sentences


def _amount(comparison: Comparison, unit: str) -> tuple[str, str]:
    """The mean difference, as "0.42 dB higher than", and its interval."""
    found = comparison.difference
    half = (found.high - found.low) / 2
    digits = min(6, max(2, _digits(half if half > 0 else abs(found.mean))))
    size = f"{abs(found.mean):.{digits}f} {unit}".rstrip()
    interval = f"95 % interval {found.low:.{digits}f} to {found.high:.{digits}f}"
    if found.mean == 0:
        return "level with", interval
    return f"{size} {'lower' if found.mean < 0 else 'higher'} than", interval


def _times(speed: TimeToTarget) -> tuple[str, str]:
    """The ratio, as "1.8x faster than", and its interval."""
    mean, low, high = speed.speedup.mean, speed.speedup.low, speed.speedup.high
    if mean < 1:
        mean, low, high = (1 / each if each else float("inf") for each in (mean, high, low))
    word = "slower" if speed.speedup.mean < 1 else "faster"
    interval = f"95 % interval {low:.3g} to {high:.3g}"
    return ("as soon as" if mean == 1 else f"{mean:.3g}x {word} than"), interval


def _digits(value: float) -> int:
    """Decimals that show two significant digits."""
    return 1 - floor(log10(value)) if isfinite(value) and value > 0 else 0


def _seeds(seeds: Iterable[int | None]) -> str:
    names = ["no seed" if seed is None else str(seed) for seed in seeds]
    return ("seed " if len(names) == 1 else "seeds ") + ", ".join(names)

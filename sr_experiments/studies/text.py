"""Comparisons in words and figures."""

from collections.abc import Iterable, Sequence
from math import floor, isfinite, isnan, log10

from sr_experiments.studies.comparison import Comparison
from sr_experiments.studies.significance import (
    ALPHA,
    SideTest,
    adjust,
    is_beyond_doubt,
    least_pairs,
    pairs_needed,
    pairs_needed_by_signs,
)
from sr_experiments.studies.time_to_target import TimeToTarget

Names = tuple[str, str]
Either = Comparison | TimeToTarget


def describe_all(compared: Sequence[tuple[Either, Names, str]], verb: str = "ends") -> list[str]:
    """Comparisons of one page in words, corrected for being several.

    Args:
        compared: of values or of speed, with the names of variants a and b and the values' unit.
        verb: what is compared: "ends" for final values, as "peaks" for best ones.
    """
    tests = [values_of(each).against() for each, _, _ in compared]
    sentences = []
    for (each, names, unit), test, p in zip(compared, tests, adjust(tests), strict=True):
        words = describe(each, names, unit, verb, test=test, adjusted=p, family=len(compared))
        sentences.append(words)
    return sentences


def describe(
    comparison: Either,
    names: Names,
    unit: str = "",
    verb: str = "ends",
    *,
    test: SideTest,
    adjusted: float,
    family: int = 1,
    margin: str = "",
) -> str:
    """A comparison in sentences: the difference, how sure it is, how many seeds would tell.

    Args:
        comparison: of values, or of speed.
        names: of variants a and b.
        unit: of the values, as "dB".
        verb: what is compared: "ends" for final values, as "peaks" for best ones.
        test: of what is asked about the difference.
        adjusted: its p value corrected for being one of several; NaN with too few pairs.
        family: how many there are on the page.
        margin: what it is tested against, as "0.1 dB"; empty for no difference at all.
    """
    sentences = [headline(comparison, names, unit, verb)]
    if margin and test.pairs:
        sentences[0] += f" against a margin of {margin}"
    told = len(values_of(comparison).undecided) < values_of(comparison).pairs
    if told:
        sentences.append(_evidence(test, adjusted, family))
    if told and not margin and not is_beyond_doubt(test, adjusted):
        sentences.append(_needed(values_of(comparison), family))
    sentences = [f"{each}." for each in sentences if each]
    return " ".join([*sentences, *remarks(comparison, names)])


def values_of(comparison: Either) -> Comparison:
    """The comparison itself, or that of the logarithms of times."""
    return comparison.logs if isinstance(comparison, TimeToTarget) else comparison


def headline(comparison: Either, names: Names, unit: str, verb: str) -> str:
    """The difference, its interval, the number of pairs and the effect size; no full stop.

    Args:
        comparison: of values, or of speed.
        names: of variants a and b.
        unit: of the values, as "dB".
        verb: what is compared, as "ends".
    """
    a, b = names
    found = values_of(comparison)
    if isinstance(comparison, TimeToTarget):
        verb, ahead, behind = "reaches the target", "later", "sooner"
        amount, intervals = _times(comparison)
    else:
        ahead, behind = "higher", "lower"
        amount, intervals = _amount(comparison, unit)
    numbers, pairs = found.difference.count, found.pairs
    sentence = f"{a} {verb} {amount} {b}"
    if not pairs:
        return f"{a} and {b} have no seed that counts for both"
    if len(found.undecided) == pairs:
        return (
            f"{a} and {b} reach the target between the same measurements, or before the first: "
            "their speeds cannot be told"
        )
    if numbers < pairs:
        mean = f"; over the {numbers} with numbers for both, {sentence}" if numbers else ""
        return f"{a} {verb} {_counted(found, ahead, behind, b)}{mean}"
    if pairs == 1:
        return f"{sentence} (one pair)"
    effect = [f"d = {abs(found.effect):.1f}"] * isfinite(found.effect)
    return f"{sentence} ({', '.join([*intervals, f'{pairs} pairs', *effect])})"


def remarks(comparison: Either, names: Names) -> list[str]:
    """Sentences on the runs that have no number and on the seeds that do not count."""
    a, b = names
    speed = comparison if isinstance(comparison, TimeToTarget) else None
    found = values_of(comparison)
    sentences = [
        f"{name} {what} with {_seeds(seeds)}."
        for name, what, seeds in (
            (a, "never reached it", speed.never_a if speed else ()),
            (b, "never reached it", speed.never_b if speed else ()),
            (a, "diverged or died", found.diverged_a),
            (b, "diverged or died", found.diverged_b),
        )
        if seeds
    ]
    if 0 < len(found.undecided) < found.pairs:
        sentences.append(
            f"With {_seeds(found.undecided)} measurements are too coarse to tell which was first, "
            "which counts as level."
        )
    reasons: dict[str, list[int | None]] = {}
    for each in found.excluded:
        reasons.setdefault(f"{a if each.side == 'a' else b} {each.why}", []).append(each.seed)
    if reasons:
        whys = "; ".join(f"{why} with {_seeds(seeds)}" for why, seeds in reasons.items())
        count = len({each.seed for each in found.excluded})
        sentences.append(f"Left out {'is 1 pair' if count == 1 else f'are {count} pairs'}: {whys}.")
    return sentences


def _counted(found: Comparison, ahead: str, behind: str, other: str) -> str:
    """Which way pairs point, as "higher than b in 4 of 6 pairs, lower in 2"."""
    up = sum(low >= 0 and likely > 0 for low, likely, _ in found.spans)
    down = sum(high <= 0 and likely < 0 for _, likely, high in found.spans)
    ways = [
        (up, f"{ahead} than"),
        (down, f"{behind} than"),
        (found.pairs - up - down, "level with"),
    ]
    (first, word), *more = sorted((way for way in ways if way[0]), key=lambda way: -way[0])
    rest = "".join(f", {each.split()[0]} in {count}" for count, each in more)
    return f"{word} {other} in {first} of {found.pairs} {_pairs(found.pairs)}{rest}"


def _evidence(test: SideTest, adjusted: float, family: int) -> str:
    """The p values, or why so few pairs cannot show anything."""
    if isnan(adjusted):
        if test.pairs == 1:
            return f"One pair is no evidence: it takes {least_pairs()} to show anything"
        bound = 2.0 ** (1 - test.pairs)
        return (
            f"Nothing can be shown with {test.pairs} pairs: by sign flips their p is at least "
            f"{bound:.3g}, and it takes {least_pairs()} pairs to fall below {ALPHA:g}"
        )
    corrected = f", p {_p(adjusted)} after Holm over {family}" if family > 1 else ""
    if test.ranked:
        return f"Sign flips of ranks: p {_p(test.exact)}{corrected}"
    return f"Sign flips: p {_p(test.exact)}; t test: p {_p(test.p)}{corrected}"


def _needed(found: Comparison, family: int) -> str:
    """How many seeds would tell; empty where there are too few to say."""
    if found.pairs < 2:
        return ""
    if found.difference.count == found.pairs:
        if not found.difference.mean:
            return ""
        needed = pairs_needed(found.difference, ALPHA / family)
    else:
        sides = [likely for low, likely, high in found.spans if low >= 0 or high <= 0]
        ahead = sum(side > 0 for side in sides)
        decided = sum(side != 0 for side in sides)
        needed = pairs_needed_by_signs(max(ahead, decided - ahead), decided, ALPHA / family)
    if needed is not None and needed <= found.pairs:  # which chance can have it
        needed = found.pairs + 1
    many = "more than 1000" if needed is None else f"about {needed}"
    return f"To see this effect at 80 % power: {many} seeds"


def _amount(comparison: Comparison, unit: str) -> tuple[str, list[str]]:
    """The mean difference, as "0.42 dB higher than", and its intervals."""
    found = comparison.difference
    half = (found.high - found.low) / 2
    digits = min(6, max(2, _digits(half if half > 0 else abs(found.mean))))
    size = f"{abs(found.mean):.{digits}f} {unit}".rstrip()
    intervals = [f"95 % interval {found.low:.{digits}f} to {found.high:.{digits}f}"]
    low, high = comparison.bootstrap
    if isfinite(low):
        intervals.append(f"bootstrap {low:.{digits}f} to {high:.{digits}f}")
    if found.mean == 0:
        return "level with", intervals
    return f"{size} {'lower' if found.mean < 0 else 'higher'} than", intervals


def _times(speed: TimeToTarget) -> tuple[str, list[str]]:
    """The ratio, as "1.8x faster than", and its interval."""
    mean, low, high = speed.speedup.mean, speed.speedup.low, speed.speedup.high
    if mean < 1:
        mean, low, high = (1 / each if each else float("inf") for each in (mean, high, low))
    word = "slower" if speed.speedup.mean < 1 else "faster"
    interval = f"95 % interval {low:.3g} to {high:.3g}"
    return ("as soon as" if mean == 1 else f"{mean:.3g}x {word} than"), [interval]


def _p(value: float) -> str:
    """A p value, as "= 0.031" or "< 0.001"."""
    return f"= {value:.2g}" if value >= 0.001 else "< 0.001"


def _pairs(count: int) -> str:
    return "pair" if count == 1 else "pairs"


def _digits(value: float) -> int:
    """Decimals that show two significant digits."""
    return 1 - floor(log10(value)) if isfinite(value) and value > 0 else 0


def _seeds(seeds: Iterable[int | None]) -> str:
    names = ["no seed" if seed is None else str(seed) for seed in seeds]
    return ("seed " if len(names) == 1 else "seeds ") + ", ".join(names)

"""What comparisons say about the claims of one page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, log1p
from typing import Literal

from sr_experiments.errors import ConfigError
from sr_experiments.studies.comparison import Comparison
from sr_experiments.studies.significance import ALPHA, SideTest, adjust, is_beyond_doubt
from sr_experiments.studies.text import Names, describe
from sr_experiments.studies.time_to_target import TimeToTarget

Verdict = Literal["shown", "consistent with", "not shown", "contradicted"]
#: What the verdicts mean, for readers.
MEANING = (
    "shown, contradicted: the exact sign-flip test and, after Holm's correction for all claims of "
    "this page, the paired t test (where a run has no number, the signed ranks) have p < 0.05. "
    "consistent with: the 95 % interval or every pair points as claimed, of three or more pairs, "
    "but that is no proof. not shown: neither."
)
_OF_VALUES = ("higher", "lower", "not higher")
_OF_SPEED = ("faster", "slower", "not faster")
_FEWEST_CONSISTENT = 3


@dataclass(frozen=True)
class Claimed:
    """What was expected of a comparison.

    "higher" says that the true difference a - b is above ``margin``, "lower", "faster" and
    "slower" are the same the other way or on the times of reaching the target; "not higher" and
    "not faster" are the opposites. "same" says that the difference is within ±``margin``.

    Attributes:
        expect: higher, lower, not higher, faster, slower, not faster or same.
        comparison: of values or of speed, as the expectation is.
        names: of variants a and b.
        margin: in the values' unit; for speed relative, 0.1 is 10 % faster.
        unit: of the values, as "dB".
        verb: what is compared: "ends" for final values, as "peaks" for best ones.
    """

    expect: str
    comparison: Comparison | TimeToTarget
    names: Names
    margin: float = 0.0
    unit: str = ""
    verb: str = "ends"


@dataclass(frozen=True)
class Judgement:
    """A claim's verdict, its p value after Holm's correction, and why in a few sentences."""

    verdict: Verdict
    p: float
    words: str


def judge(claims: Sequence[Claimed]) -> list[Judgement]:
    """Holds comparisons against what was expected of them.

    A claim is shown, or contradicted, if the exact sign-flip test has p < 5 %, and the t test (or
    with runs that have no number the signed ranks) has p < 5 % after Holm's correction for all
    claims that have pairs enough. "same" is shown if both one-sided tests are (each at 2.5 %),
    and contradicted if the difference is beyond the margin by the same rule.

    Args:
        claims: all of one page.

    Raises:
        ConfigError: an expectation is unknown or not about this kind of comparison, or a margin
            is negative or infinite, or 0 with "same".
    """
    for each in claims:
        _check(each)
    weighed = [_weigh(each) for each in claims]
    adjusted = adjust([test for test, _ in weighed])
    return [
        _judgement(claim, test, agrees, p, len(claims))
        for claim, (test, agrees), p in zip(claims, weighed, adjusted, strict=True)
    ]


def _judgement(claim: Claimed, test: SideTest, agrees: bool, p: float, claims: int) -> Judgement:
    verdict: Verdict = "not shown"
    if is_beyond_doubt(test, p):
        verdict = "shown" if agrees else "contradicted"
    elif agrees and test.pairs >= _FEWEST_CONSISTENT:
        beyond = not test.ranked and test.p < ALPHA
        verdict = "consistent with" if beyond or test.unanimous else "not shown"
    words = describe(
        claim.comparison,
        claim.names,
        claim.unit,
        claim.verb,
        test=test,
        adjusted=p,
        family=claims,
        margin=_margin(claim),
    )
    return Judgement(verdict, p, words)


def _weigh(claim: Claimed) -> tuple[SideTest, bool]:
    """The test that decides about a claim, and whether it points as claimed."""
    if isinstance(claim.comparison, TimeToTarget):
        comparison, margin = claim.comparison.logs, log1p(claim.margin)
    else:
        comparison, margin = claim.comparison, claim.margin
    if claim.expect == "same":
        below, above = comparison.against(-margin), comparison.against(margin)
        if below.side < 0 or above.side > 0:
            return (below if below.side < 0 else above), False
        weaker = max((below, above), key=lambda test: test.p)
        both = below.unanimous and above.unanimous
        exact = max(below.exact, above.exact)
        return replace(weaker, exact=exact, unanimous=both), below.side > 0 > above.side
    # On the logarithms of times, what is faster is lower.
    beyond = 1 if claim.expect in ("higher", "not higher", "slower") else -1
    test = comparison.against(beyond * margin)
    claimed = -beyond if claim.expect.startswith("not ") else beyond
    return test, test.side == claimed


def _margin(claim: Claimed) -> str:
    if not claim.margin:
        return ""
    if isinstance(claim.comparison, TimeToTarget):
        return f"{claim.margin:.0%}"
    return f"{claim.margin:g} {claim.unit}".rstrip()


def _check(claim: Claimed) -> None:
    expect, margin = claim.expect, claim.margin
    fitting = _OF_SPEED if isinstance(claim.comparison, TimeToTarget) else _OF_VALUES
    if expect not in (*_OF_VALUES, *_OF_SPEED, "same"):
        known = ", ".join((*_OF_VALUES, *_OF_SPEED, "same"))
        raise ConfigError(f"expect must be one of {known}; not {expect!r}")
    if expect not in (*fitting, "same"):
        what = "speed" if isinstance(claim.comparison, TimeToTarget) else "values"
        raise ConfigError(f"expect={expect} does not fit a comparison of {what}")
    if not 0 <= margin < inf or (expect == "same" and margin == 0):
        least = "above 0 with expect=same" if expect == "same" else "0 or more"
        raise ConfigError(f"margin must be {least}: what counts as a difference; not {margin:g}")

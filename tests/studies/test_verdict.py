"""What comparisons say about claims, and in which words."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sr_experiments.errors import ConfigError
from sr_experiments.runs.status import State
from sr_experiments.studies.comparison import compare
from sr_experiments.studies.time_to_target import compare_time_to_target
from sr_experiments.studies.verdict import describe, judge
from tests.studies.synthetic import run_outcomes

INF = np.inf
NAMES = ("residual_0.1", "plain_0.1")
HIGHER = compare(
    run_outcomes(37.42, 37.53, 37.31), run_outcomes(37.0, 37.05, 36.94)
)  # 0.42, 0.48, 0.37
LEVEL = compare(run_outcomes(37.02, 36.99, 37.0), run_outcomes(37.0, 37.0, 37.02))
ONE = compare(run_outcomes(38), run_outcomes(36))
DIVERGED = compare(run_outcomes(37.4, 37.5, 37.3), run_outcomes(37.0, "diverged", "dead"))
SPLIT = compare(run_outcomes(37.4, "diverged", 37.3), run_outcomes(37.0, 30.0, 36.9))
FASTER = compare_time_to_target(run_outcomes(100, 105, 95), run_outcomes(180, 190, 170))
NEVER = compare_time_to_target(run_outcomes(100, 105), run_outcomes(INF, INF))
YES, NO, UNKNOWN = "supports", "contradicts", "cannot tell"


@pytest.mark.parametrize(
    ("expect", "higher", "level", "diverged"),
    [
        ("higher", YES, UNKNOWN, YES),
        ("lower", NO, UNKNOWN, NO),
        ("not higher", NO, UNKNOWN, NO),
    ],
)
def test_directions(expect: str, higher: str, level: str, diverged: str) -> None:
    found = [judge(expect, each, names=NAMES).verdict for each in (HIGHER, LEVEL, DIVERGED)]
    assert found == [higher, level, diverged]


@pytest.mark.parametrize("comparison", [ONE, SPLIT, compare([], [])])
@pytest.mark.parametrize("expect", ["higher", "lower", "not higher", "same"])
def test_little_or_contrary_evidence_tells_nothing(comparison: object, expect: str) -> None:
    assert judge(expect, comparison, 0.1, names=NAMES).verdict == UNKNOWN


@pytest.mark.parametrize(
    ("expect", "quick", "slow"),
    [("faster", YES, NO), ("slower", NO, YES), ("not faster", NO, YES)],
)
def test_speeds(expect: str, quick: str, slow: str) -> None:
    behind = compare_time_to_target(run_outcomes(180, 190, 170), run_outcomes(100, 105, 95))
    found = [judge(expect, each, names=NAMES).verdict for each in (FASTER, behind, NEVER)]
    assert found == [quick, slow, quick]


@pytest.mark.parametrize(
    ("margin", "same", "higher"),
    [(1.0, YES, NO), (0.42, UNKNOWN, UNKNOWN), (0.05, NO, YES)],
)
def test_a_margin_is_what_counts_as_a_difference(margin: float, same: str, higher: str) -> None:
    assert judge("same", HIGHER, margin, names=NAMES).verdict == same
    assert judge("higher", HIGHER, margin, names=NAMES).verdict == higher
    lower = compare(run_outcomes(37.0, 37.05, 36.94), run_outcomes(37.42, 37.53, 37.31))
    assert judge("same", lower, margin, names=NAMES).verdict == same
    assert judge("lower", lower, margin, names=NAMES).verdict == higher
    opposite = {YES: NO, NO: YES}.get(higher, UNKNOWN)
    assert judge("not higher", HIGHER, margin, names=NAMES).verdict == opposite


def test_sameness_needs_enough_pairs_to_be_seen() -> None:
    assert judge("same", LEVEL, 0.1, names=NAMES).verdict == YES
    few = compare(run_outcomes(37.02, 36.99), run_outcomes(37.0, 37.02))
    assert judge("same", few, 0.1, names=NAMES).verdict == UNKNOWN
    assert judge("same", DIVERGED, 0.1, names=NAMES).verdict == NO


def test_speed_margins_are_relative() -> None:
    assert judge("same", FASTER, 0.9, names=NAMES).verdict == YES  # 1.8 is below 1.9
    assert judge("same", FASTER, 0.5, names=NAMES).verdict == NO
    assert judge("faster", FASTER, 0.7, names=NAMES).verdict == YES
    assert judge("faster", FASTER, 0.9, names=NAMES).verdict == NO


def test_identical_runs_are_the_same_and_not_higher() -> None:
    identical = compare(run_outcomes(37, 36), run_outcomes(37, 36))
    found = [judge(e, identical, 0.01, names=NAMES).verdict for e in ("same", "higher")]
    assert found == [YES, NO]
    assert judge("not higher", identical, names=NAMES).verdict == YES
    assert judge("higher", identical, names=NAMES).verdict == NO


@pytest.mark.parametrize(
    ("expect", "comparison", "margin", "message"),
    [
        ("better", HIGHER, 0.0, "expect must be one of higher, lower, .*; not 'better'"),
        ("faster", HIGHER, 0.0, "expect=faster does not fit a comparison of values"),
        ("higher", FASTER, 0.0, "expect=higher does not fit a comparison of speed"),
        ("same", HIGHER, 0.0, "margin must be above 0 with expect=same"),
        ("higher", HIGHER, -0.1, "margin must be 0 or more"),
        ("same", HIGHER, float("nan"), "margin must be"),
    ],
)
def test_claims_that_make_no_sense(
    expect: str, comparison: object, margin: float, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        judge(expect, comparison, margin, names=NAMES)


@pytest.mark.parametrize("expect", ["faster", "slower", "not faster", "same"])
def test_reaching_a_target_at_the_same_measurements_tells_nothing(expect: str) -> None:
    level = compare_time_to_target(run_outcomes(40, 40, 40), run_outcomes(40, 40, 40))
    assert judge(expect, level, 0.1, names=NAMES).verdict == "cannot tell"


def test_the_words_hold_the_figures() -> None:
    # Differences 0.42, 0.48, 0.37: standard deviation 0.0551, half width 4.303 * 0.0551 / sqrt(3).
    assert judge("higher", HIGHER, names=NAMES, unit="dB").words == (
        "residual_0.1 ends 0.42 dB higher than plain_0.1 "
        "(95 % interval 0.29 to 0.56, 3 pairs, d = 4.3)."
    )
    lower = compare(run_outcomes(0.311, 0.322), run_outcomes(0.411, 0.421), "lower")
    assert describe(lower, ("a", "b"), "", "averages") == (
        "a averages 0.0995 lower than b (95 % interval -0.1059 to -0.0931, 2 pairs)."
    )


def test_the_words_of_little_evidence() -> None:
    assert judge("higher", ONE, names=NAMES, unit="dB").words == (
        "residual_0.1 ends 2.00 dB higher than plain_0.1 (one pair), and one pair is no evidence."
    )
    assert describe(LEVEL, ("a", "b"), "dB").endswith(
        ", which is not distinguishable; about 309 pairs of this spread would tell."
    )
    assert describe(
        compare_time_to_target(run_outcomes(40, 40), run_outcomes(18, 4000)), ("a", "b")
    ) == (
        "a reaches the target 6.71x faster than b in 2 pairs, which cannot tell; "
        "about 34 pairs of this spread would tell."
    )
    claim = judge("higher", compare(run_outcomes(30, 38), run_outcomes(32, 30)), names=("a", "b"))
    assert claim.verdict == "cannot tell"
    assert claim.words.endswith(
        "in 2 pairs, which cannot tell; about 46 pairs of this spread would tell."
    )
    same = compare(run_outcomes(30, 30), run_outcomes(30, 30))
    assert describe(same, ("a", "b")) == "a ends level with b in 2 pairs, which cannot tell."
    missing = compare(run_outcomes(37, "killed", 36), run_outcomes("running", 36, "failed"))
    assert describe(missing, ("a", "b")) == (
        "a and b have no seed that counts for both. Left out are 3 pairs: "
        "a was killed with seed 1; b is running with seed 0; b failed with seed 2."
    )


def test_the_words_of_runs_without_numbers() -> None:
    assert judge("higher", DIVERGED, names=NAMES, unit="dB").words == (
        "residual_0.1 ends higher than plain_0.1 in all 3 pairs; over the 1 with numbers for "
        "both, residual_0.1 ends 0.40 dB higher than plain_0.1. "
        "plain_0.1 diverged or died with seeds 1, 2."
    )
    assert describe(SPLIT, ("a", "b"), "dB").startswith("The 3 pairs of a and b do not all point")
    assert describe(compare(run_outcomes(30), run_outcomes("dead")), ("a", "b")) == (
        "a and b have one pair, without numbers for both. b diverged or died with seed 0."
    )


def test_the_words_of_speed() -> None:
    assert judge("faster", FASTER, names=("a", "b")).words.startswith(
        "a reaches the target 1.8x faster than b (95 % interval 1.7"
    )
    slow = compare_time_to_target(run_outcomes(300, 310, 290), run_outcomes(100, 100, 100))
    assert "3x slower than b (95 % interval 2." in describe(slow, ("a", "b"))
    assert describe(NEVER, ("a", "b")) == (
        "a reaches the target faster than b in all 2 pairs. b never reached it with seeds 0, 1."
    )
    level = compare_time_to_target(run_outcomes(100, 100), run_outcomes(100, 100))
    assert "the target as soon as b" in describe(level, ("a", "b"))


ANY = st.lists(st.one_of(st.floats(0, 60), st.sampled_from([INF, *get_args(State)])), max_size=5)


@given(ANY, ANY, st.floats(0.01, 2))
def test_every_comparison_has_words_and_consistent_verdicts(
    a: list[float | State], b: list[float | State], margin: float
) -> None:
    sides = run_outcomes(*a), run_outcomes(*b)
    for comparison, up, down in (
        (compare(*sides), "higher", "lower"),
        (compare_time_to_target(*sides), "faster", "slower"),
    ):
        found = {
            expect: judge(expect, comparison, margin, names=NAMES)
            for expect in (up, down, f"not {up}", "same")
        }
        assert [each.verdict for each in found.values()].count(YES) <= 2
        for each in found.values():
            assert each.words.endswith(".")
            assert "nan" not in each.words
        if found[up].verdict == YES:
            others = [found[each].verdict for each in (down, f"not {up}", "same")]
            assert others == [NO, NO, NO]
            assert comparison.verdict == up
        if found["same"].verdict == YES:
            assert found[f"not {up}"].verdict == YES
            assert found[up].verdict == found[down].verdict == NO

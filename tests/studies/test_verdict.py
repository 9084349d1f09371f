"""What comparisons say about claims, and in which words."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr_experiments.errors import ConfigError
from sr_experiments.runs.status import State
from sr_experiments.studies.comparison import Comparison, RunOutcome, compare
from sr_experiments.studies.text import describe_all
from sr_experiments.studies.time_to_target import TimeToTarget, compare_time_to_target
from sr_experiments.studies.verdict import Claimed, Judgement, judge
from tests.studies.synthetic import run_outcomes

INF = np.inf
NAMES = ("residual", "plain")
SPREAD = np.array([0.42, 0.48, 0.37, 0.45, 0.40, 0.44])
HIGHER = compare(run_outcomes(*(37 + SPREAD)), run_outcomes(*[37.0] * 6))
LOWER = compare(run_outcomes(*(37 - SPREAD)), run_outcomes(*[37.0] * 6))
LEVEL = compare(
    run_outcomes(37.02, 36.99, 37.0, 37.01, 36.98, 37.01), run_outcomes(*[37.0] * 5, 37.02)
)
FEW = compare(run_outcomes(37.42, 37.48, 37.37), run_outcomes(37, 37, 37))
ONE = compare(run_outcomes(38), run_outcomes(36))
LOST = compare(run_outcomes(*[37.4] * 6), run_outcomes(37.0, *["diverged"] * 3, 37, "dead"))
SPLIT = compare(
    run_outcomes(37.4, "diverged", 37.3, 37, 37, 37), run_outcomes(37.0, 30.0, 36.9, 36, 36, 36)
)
FASTER = compare_time_to_target(
    run_outcomes(100, 105, 95, 99, 101, 104), run_outcomes(180, 190, 170, 178, 183, 186)
)
NEVER = compare_time_to_target(run_outcomes(*[100] * 6), run_outcomes(*[INF] * 6))
YES, MAYBE, UNKNOWN, NO = "shown", "consistent with", "not shown", "contradicted"


def one(
    expect: str, comparison: Comparison | TimeToTarget, margin: float = 0.0, unit: str = ""
) -> Judgement:
    """The verdict of a claim that is alone on its page."""
    (found,) = judge([Claimed(expect, comparison, NAMES, margin, unit)])
    return found


@pytest.mark.parametrize(
    ("expect", "higher", "level", "lost"),
    [
        ("higher", YES, UNKNOWN, YES),
        ("lower", NO, UNKNOWN, NO),
        ("not higher", NO, UNKNOWN, NO),
    ],
)
def test_directions(expect: str, higher: str, level: str, lost: str) -> None:
    found = [one(expect, each).verdict for each in (HIGHER, LEVEL, LOST)]
    assert found == [higher, level, lost]


@pytest.mark.parametrize("expect", ["higher", "lower", "not higher", "same"])
@pytest.mark.parametrize("comparison", [ONE, SPLIT, compare([], [])])
def test_little_or_contrary_evidence_tells_nothing(comparison: Comparison, expect: str) -> None:
    assert one(expect, comparison, 0.1).verdict == UNKNOWN


@pytest.mark.parametrize("lost", [2, 3, 4, 5])
def test_fewer_than_six_pairs_show_nothing(lost: int) -> None:
    pairs = compare(run_outcomes(*[37.0] * lost), run_outcomes(*["diverged"] * lost))
    assert one("higher", pairs).verdict == (MAYBE if lost > 2 else UNKNOWN)
    assert one("lower", pairs).verdict == UNKNOWN
    five = compare(run_outcomes(*(37 + SPREAD[:lost])), run_outcomes(*[37.0] * lost))
    assert one("higher", five).verdict == (MAYBE if lost > 2 else UNKNOWN)
    words = f"Nothing can be shown with {lost} pairs: by sign flips their p is at least "
    assert f"{words}{2.0 ** (1 - lost):.3g}, and it takes 6" in one("higher", five).words


@pytest.mark.parametrize(
    ("expect", "quick", "slow"),
    [("faster", YES, NO), ("slower", NO, YES), ("not faster", NO, YES)],
)
def test_speeds(expect: str, quick: str, slow: str) -> None:
    behind = compare_time_to_target(
        run_outcomes(180, 190, 170, 178, 183, 186), run_outcomes(100, 105, 95, 99, 101, 104)
    )
    assert [one(expect, each).verdict for each in (FASTER, behind, NEVER)] == [quick, slow, quick]


@pytest.mark.parametrize(
    ("margin", "same", "higher"),
    [(1.0, YES, NO), (0.43, UNKNOWN, UNKNOWN), (0.05, NO, YES)],
)
def test_a_margin_is_what_counts_as_a_difference(margin: float, same: str, higher: str) -> None:
    assert one("same", HIGHER, margin).verdict == one("same", LOWER, margin).verdict == same
    assert one("higher", HIGHER, margin).verdict == one("lower", LOWER, margin).verdict == higher
    opposite = {YES: NO, NO: YES}.get(higher, UNKNOWN)
    assert one("not higher", HIGHER, margin).verdict == opposite


def test_sameness_needs_enough_pairs_to_be_seen() -> None:
    assert one("same", LEVEL, 0.1).verdict == YES
    few = compare(run_outcomes(37.02, 36.99, 37), run_outcomes(37.0, 37.02, 37))
    assert one("same", few, 0.1).verdict == MAYBE
    assert one("same", LOST, 0.1).verdict == NO


def test_speed_margins_are_relative() -> None:
    assert one("same", FASTER, 0.9).verdict == YES  # 1.8 is below 1.9
    assert one("same", FASTER, 0.5).verdict == NO
    assert one("faster", FASTER, 0.7).verdict == YES
    assert one("faster", FASTER, 0.9).verdict == NO


def test_identical_runs_are_the_same_and_show_no_direction() -> None:
    identical = compare(run_outcomes(*range(30, 36)), run_outcomes(*range(30, 36)))
    assert one("same", identical, 0.01).verdict == YES
    assert one("higher", identical, 0.01).verdict == NO
    assert one("higher", identical).verdict == one("not higher", identical).verdict == UNKNOWN


def test_claims_of_one_page_are_corrected_together() -> None:
    difference = np.array([0.1, 0.3, 0.2, 0.5, 0.05, 0.2])
    weak = compare(run_outcomes(*(37 + difference)), run_outcomes(*[37.0] * 6))
    claim = Claimed("higher", weak, NAMES)
    (alone,) = judge([claim])
    # Of equal p values Holm's is that times their number.
    several = judge([claim] * 6)
    assert alone.verdict == YES
    assert [each.p for each in several] == pytest.approx([6 * alone.p] * 6)
    assert {each.verdict for each in several} == {MAYBE}
    assert "after Holm over 6" in several[0].words
    assert "after Holm" not in alone.words


def test_coarse_measurements_tell_nothing_about_speed() -> None:
    first = [RunOutcome(seed, "finished", 10, (0, 10)) for seed in range(6)]
    later = [RunOutcome(seed, "finished", 100, (0, 100)) for seed in range(6)]
    found = compare_time_to_target(first, later)
    for expect in ("faster", "slower", "not faster"):
        judgement = one(expect, found)
        assert judgement.verdict == UNKNOWN
        assert judgement.words.endswith("their speeds cannot be told.")
    assert one("same", found, 0.1).verdict == UNKNOWN


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
    expect: str, comparison: Comparison, margin: float, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        one(expect, comparison, margin)


def test_the_words_hold_the_figures() -> None:
    # Mean 0.4267, standard deviation 0.0388, half width 2.571 * 0.0388 / sqrt(6).
    assert one("higher", HIGHER, unit="dB").words == (
        "residual ends 0.427 dB higher than plain (95 % interval 0.386 to 0.467, 6 pairs, "
        "d = 9.2). Sign flips: p = 0.031; t test: p < 0.001."
    )
    assert " against a margin of 0.1 dB. Sign flips" in one("higher", HIGHER, 0.1, "dB").words
    values = 37 + np.array([0.1, 0.4, 0.2, 0.9, 0.3, 0.5, 0.2, 0.6])
    eight = compare(run_outcomes(*values), run_outcomes(*[37.0] * 8))
    assert ", bootstrap 0.2" in one("higher", eight).words


def test_the_words_of_little_evidence() -> None:
    assert one("higher", ONE, unit="dB").words == (
        "residual ends 2.00 dB higher than plain (one pair). "
        "One pair is no evidence: it takes 6 to show anything."
    )
    assert one("higher", FEW).words.endswith(
        "Nothing can be shown with 3 pairs: by sign flips their p is at least 0.25, and it takes "
        "6 pairs to fall below 0.05. To see this effect at 80 % power: about 6 seeds."
    )
    missing = compare(run_outcomes(37, "killed", 36), run_outcomes("running", 36, "failed"))
    assert describe_all([(missing, ("a", "b"), "")]) == [
        "a and b have no seed that counts for both. Left out are 3 pairs: "
        "a was killed with seed 1; b is running with seed 0; b failed with seed 2."
    ]


def test_the_words_of_runs_without_numbers() -> None:
    assert one("higher", LOST, unit="dB").words == (
        "residual ends higher than plain in 6 of 6 pairs; over the 2 with numbers for both, "
        "residual ends 0.40 dB higher than plain. Sign flips of ranks: p = 0.031. "
        "plain diverged or died with seeds 1, 2, 3, 5."
    )
    (split,) = describe_all([(SPLIT, ("a", "b"), "dB")])
    assert split.startswith("a ends higher than b in 5 of 6 pairs, lower in 1; over the 5 with")
    both = compare(run_outcomes("dead"), run_outcomes("dead"))
    (level,) = describe_all([(both, ("a", "b"), "dB")])
    assert level.startswith("a ends level with b in 1 of 1 pair. One pair is no evidence")


def test_the_words_of_speed() -> None:
    assert one("faster", FASTER).words.startswith(
        "residual reaches the target 1.8x faster than plain (95 % interval 1.7"
    )
    slow = compare_time_to_target(run_outcomes(300, 310, 290), run_outcomes(100, 100, 100))
    assert "3x slower than b (95 % interval 2." in describe_all([(slow, ("a", "b"), "")])[0]
    assert describe_all([(NEVER, ("a", "b"), "")])[0] == (
        "a reaches the target sooner than b in 6 of 6 pairs. Sign flips of ranks: p = 0.031. "
        "b never reached it with seeds 0, 1, 2, 3, 4, 5."
    )
    some = compare_time_to_target(
        [RunOutcome(0, "finished", 15, (10, 20)), *run_outcomes(15, 15)[1:]],
        [RunOutcome(0, "finished", 12, (10, 20)), *run_outcomes(30, 30)[1:]],
    )
    assert "With seed 0 measurements are too coarse" in describe_all([(some, ("a", "b"), "")])[0]


ANY = st.lists(st.one_of(st.floats(0, 60), st.sampled_from([INF, *get_args(State)])), max_size=8)


@settings(deadline=None)  # the first number of pairs of each kind takes its time
@given(ANY, ANY, st.floats(0.01, 2))
def test_every_comparison_has_words_and_consistent_verdicts(
    a: list[float | State], b: list[float | State], margin: float
) -> None:
    sides = run_outcomes(*a), run_outcomes(*b)
    for comparison, up, down in (
        (compare(*sides), "higher", "lower"),
        (compare_time_to_target(*sides), "faster", "slower"),
    ):
        expected = (up, down, f"not {up}", "same")
        found = {expect: one(expect, comparison, margin) for expect in expected}
        assert [each.verdict for each in found.values()].count(YES) <= 2
        for each in found.values():
            assert each.words.endswith(".")
            assert "nan" not in each.words
        if found[up].verdict == YES:
            assert found[down].verdict != YES
            assert found["same"].verdict != YES
            assert found[f"not {up}"].verdict == NO


@settings(deadline=None)
@given(ANY, ANY)
def test_swapping_variants_turns_a_claim_around(
    a: list[float | State], b: list[float | State]
) -> None:
    one_way = one("higher", compare(run_outcomes(*a), run_outcomes(*b)))
    other = one("lower", compare(run_outcomes(*b), run_outcomes(*a)))
    assert one_way.verdict == other.verdict

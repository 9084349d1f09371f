"""Which of two variants ends higher, and which runs are evidence for it."""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from sr_experiments.runs.read import Run
from sr_experiments.runs.status import DIVERGED_STATES, State
from sr_experiments.studies.comparison import Comparison, RunOutcome, compare, run_outcomes
from sr_experiments.studies.curve_statistics import final
from tests.studies import synthetic
from tests.studies.synthetic import curve, same

NAN, INF = np.nan, np.inf
ACCIDENTS = sorted({*get_args(State)} - {*DIVERGED_STATES, "finished"})
RUNS = st.lists(
    st.builds(
        RunOutcome,
        st.one_of(st.none(), st.integers(0, 5)),
        st.sampled_from([*["finished"] * 6, *get_args(State)]),
        st.one_of(st.floats(20, 40), st.just(NAN), st.just(INF)),
    ),
    max_size=7,
)


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def runs(*values: float | State) -> list[RunOutcome]:
    return synthetic.run_outcomes(*values)


def test_finished_runs_are_compared_by_the_paired_t_test() -> None:
    a, b = [37.1, 37.4, 36.9, 37.2], [36.8, 36.9, 36.8, 36.8]
    found = compare(runs(*a), runs(*b))
    test = stats.ttest_rel(a, b)
    interval = test.confidence_interval(0.95)
    assert found.difference.mean == pytest.approx(0.325)
    ends = (found.difference.low, found.difference.high)
    assert ends == pytest.approx((interval.low, interval.high))
    assert found.against().p == pytest.approx(test.pvalue)
    assert (found.against().side, found.pairs) == (1, 4)
    assert compare(runs(*b), runs(*a)).against().side == -1


def test_what_all_seeds_share_is_no_noise() -> None:
    a, b = [30.0, 34, 38, 42], [29.8, 33.7, 37.8, 41.7]
    assert stats.ttest_ind(a, b).pvalue > 0.9
    assert compare(runs(*a), runs(*b)).against().p < 0.01


def test_one_pair_has_neither_interval_nor_effect() -> None:
    for a, b in [((38,), (36,)), ((38,), ("diverged",)), ((38, 38), (36, "failed"))]:
        found = compare(runs(*a), runs(*b))
        assert (found.pairs, found.against().exact) == (1, 1)
        assert same([found.difference.low, found.effect], [NAN] * 2)


@pytest.mark.parametrize("a", [[], ["killed", "failed"], [NAN, NAN]])
def test_without_runs_nothing_is_known(a: list[float | State]) -> None:
    found = compare(runs(*a), runs(36, 37))
    assert (found.pairs, found.against().p, found.difference.count) == (0, 1, 0)
    assert [each.seed for each in found.excluded] == [0, 1]
    assert compare([], []).excluded == ()


def test_identical_runs_do_not_differ() -> None:
    test = compare(runs(36.1, 37.2, 36.5), runs(36.1, 37.2, 36.5)).against()
    assert (test.side, test.p, test.exact) == (0, 1, 1)
    # The last digits of the same sum.
    assert compare(runs(0.1 + 0.2, 1.0), runs(0.3, 1.0)).against().side == 0


@pytest.mark.parametrize("lost", DIVERGED_STATES)
def test_runs_that_diverged_lose(lost: State) -> None:
    found = compare(runs(37, 37.4, 36), runs(36.9, lost, lost))
    assert (found.pairs, found.diverged_a, found.diverged_b) == (3, (), (1, 2))
    assert (found.difference.count, found.spans[1]) == (1, (INF, INF, INF))
    test = found.against()
    assert (test.side, test.unanimous, test.ranked, test.exact) == (1, True, True, 0.25)
    assert compare(runs(lost, lost), runs(20, 21)).against().side == -1


def test_where_lower_is_better_diverging_is_higher() -> None:
    assert compare(runs("diverged", "dead"), runs(0.1, 0.2), "lower").against().side == 1
    assert compare(runs(0.1, 0.2), runs("diverged", "dead"), "lower").against().side == -1


def test_a_lost_run_against_others_is_the_highest_rank() -> None:
    mixed = compare(runs(38, 38.1, 38.2, "diverged"), runs(36, 36.1, 36.2, 20)).against()
    # Ranks 2, 2, 2 and -4: a sum of 2 or more in 8 of 16 flips.
    assert (mixed.side, mixed.unanimous, mixed.exact) == (1, False, 1)


def test_two_that_both_diverged_point_nowhere() -> None:
    found = compare(runs("diverged", 38, 38), runs("dead", "diverged", "diverged"))
    assert (found.pairs, found.spans[0], found.undecided) == (3, (-INF, 0, INF), ())
    assert (found.diverged_a, found.diverged_b) == ((0,), (0, 1, 2))
    assert (found.against().exact, found.against(-9).exact) == (0.5, 0.5)


@pytest.mark.parametrize("state", ACCIDENTS)
def test_accidents_are_no_evidence(state: State) -> None:
    clean = compare(runs(37, 37.4, 37.2), runs(36, 36.3, 36.1))
    found = compare(runs(37, 37.4, 37.2, 50), runs(36, 36.3, 36.1, state))
    assert replace(found, excluded=()) == clean
    (excluded,) = found.excluded
    assert (excluded.seed, excluded.side) == (3, "b")
    # A value that such a run has reached so far does not count either.
    part = compare(runs(37, 38), [RunOutcome(0, "finished", 36), RunOutcome(1, state, 36)])
    assert part.pairs == 1


def test_each_left_out_seed_has_its_reasons() -> None:
    found = compare(runs(37, "running", NAN, 37, "failed"), runs(36, 36, 36, "killed", "waiting"))
    assert {(each.seed, each.side, each.why) for each in found.excluded} == {
        (1, "a", "is running"),
        (2, "a", "has no value"),
        (3, "b", "was killed"),
        (4, "a", "failed"),
        (4, "b", "has not begun"),
    }
    assert compare(runs(37, 37), runs(36)).excluded[0].why == "is missing"


def test_runs_with_the_same_seed_count_once() -> None:
    twice = [
        RunOutcome(0, "finished", 37),
        RunOutcome(0, "finished", 38),
        RunOutcome(0, "failed", NAN),
    ]
    found = compare([*twice, RunOutcome(1, "finished", 37)], runs(36, 36))
    assert (found.pairs, found.difference.mean) == (2, 1.25)
    diverged = compare([*twice, RunOutcome(0, "diverged", NAN)], runs(36, 36))
    assert (diverged.diverged_a, diverged.pairs) == ((0,), 1)


def test_runs_become_outcomes() -> None:
    values = {"val/psnr": curve([30, 33])}
    folders = [
        Run(Path("a"), "finished", config={"seed": 4}, curves=values),
        Run(Path("b"), "dead", curves=values),
        Run(Path("c"), "finished", config={"seed": 5}),
    ]
    found = run_outcomes(folders, "val/psnr", final)
    assert [(each.seed, each.state) for each in found] == [
        (4, "finished"),
        (None, "dead"),
        (5, "finished"),
    ]
    assert same([each.value for each in found], [33, 33, NAN])


def spans(found: Comparison) -> NDArray[np.float64]:
    """Interval and pairs [1 + N, 3]: from, middle, to."""
    mean = found.difference
    return np.array([[mean.low, mean.mean, mean.high], *found.spans])


@given(RUNS, RUNS, st.sampled_from(["higher", "lower"]))
def test_swapping_sides_swaps_the_answer(
    a: list[RunOutcome], b: list[RunOutcome], better: str
) -> None:
    one, other = compare(a, b, better), compare(b, a, better)
    assert one.against().side == -other.against().side
    assert one.against().exact == pytest.approx(other.against().exact)
    assert one.undecided == other.undecided
    assert same(spans(one), -spans(other)[:, ::-1])
    assert same([one.effect, one.pairs], [-other.effect, other.pairs])
    assert (one.diverged_a, one.diverged_b) == (other.diverged_b, other.diverged_a)
    assert {(e.seed, e.why) for e in one.excluded} == {(e.seed, e.why) for e in other.excluded}


@given(RUNS, RUNS, st.randoms())
def test_the_order_of_runs_does_not_matter(
    a: list[RunOutcome], b: list[RunOutcome], mix: Random
) -> None:
    unique = list({each.seed: each for each in a}.values())
    mixed = unique.copy()
    mix.shuffle(mixed)
    assert str(compare(unique, b)) == str(compare(mixed, b))

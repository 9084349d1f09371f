"""How much sooner one variant reaches a target."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sr_experiments.runs.read import Run
from sr_experiments.runs.status import State
from sr_experiments.studies.comparison import RunOutcome
from sr_experiments.studies.curve_statistics import final, time_to_target
from sr_experiments.studies.time_to_target import common_target, compare_time_to_target, times
from tests.studies.synthetic import curve, run_outcomes, same

INF, NAN = np.inf, np.nan
REACHES = st.lists(
    st.one_of(st.floats(1, 1e6), st.sampled_from([INF, "diverged", "killed", NAN])), max_size=6
)


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_exponentials_differ_by_the_ratio_of_their_time_constants() -> None:
    steps = np.arange(1.0, 6001)
    seeds = [20.0, 25, 31]

    def rise(constant: float, start: float) -> RunOutcome:
        height = 36 - (36 - start) * np.exp(-steps / constant)
        return RunOutcome(
            int(start), "finished", time_to_target(curve(height, steps), 35, "higher", "step")
        )

    found = compare_time_to_target([rise(200, s) for s in seeds], [rise(360, s) for s in seeds])
    assert found.speedup.mean == pytest.approx(1.8, rel=1e-3)
    assert (found.logs.against().side, found.logs.pairs) == (-1, 3)


def test_the_interval_is_that_of_logarithms() -> None:
    a, b = [100.0, 140, 90], [210.0, 250, 200]
    found = compare_time_to_target(run_outcomes(*a), run_outcomes(*b))
    interval = stats.ttest_rel(np.log(b), np.log(a)).confidence_interval(0.95)
    assert found.speedup.mean == pytest.approx(stats.gmean(b) / stats.gmean(a))
    ends = (found.speedup.low, found.speedup.high)
    assert ends == pytest.approx((np.exp(interval.low), np.exp(interval.high)))


def test_never_loses_against_ever() -> None:
    found = compare_time_to_target(run_outcomes(100, 900, 200), run_outcomes(150, INF, INF))
    assert (found.never_a, found.never_b) == ((), (1, 2))
    assert found.logs.against().unanimous
    assert (found.speedup.mean, found.speedup.count) == (pytest.approx(1.5), 1)
    slower = compare_time_to_target(run_outcomes(INF, INF), run_outcomes(9, 8)).logs.against()
    assert (slower.side, slower.unanimous) == (1, True)


def test_two_that_never_reach_it_are_level() -> None:
    for both in (INF, "diverged"):
        found = compare_time_to_target(run_outcomes(100, 100, INF), run_outcomes(INF, INF, both))
        assert (found.logs.against().exact, found.logs.pairs) == (0.5, 3)


def test_runs_that_diverged_have_not_reached_anything() -> None:
    found = compare_time_to_target(run_outcomes(100, 120), run_outcomes("diverged", "dead"))
    assert (found.never_b, found.logs.diverged_b) == ((), (0, 1))
    assert (found.logs.against().side, found.logs.against().unanimous) == (-1, True)


def test_accidents_and_missing_times_are_left_out() -> None:
    found = compare_time_to_target(
        run_outcomes(100, 120, NAN, INF), run_outcomes(150, 190, 10, "killed")
    )
    assert [each.seed for each in found.logs.excluded] == [2, 3]
    assert found.never_a == ()


def test_one_pair_or_none_is_no_verdict() -> None:
    one = compare_time_to_target(run_outcomes(100), run_outcomes(300))
    assert (one.speedup.mean, one.logs.against().exact) == (pytest.approx(3), 1)
    none = compare_time_to_target([], run_outcomes(300))
    assert (none.logs.pairs, none.logs.against().exact) == (0, 1)
    assert same([none.speedup.mean, none.speedup.low], [NAN, NAN])


def test_a_target_met_before_training_is_as_fast_as_can_be() -> None:
    found = compare_time_to_target(run_outcomes(0, 0), run_outcomes(10, 20))
    assert (found.logs.against().side, found.logs.against().unanimous) == (-1, True)


def test_wild_intervals_do_not_overflow() -> None:
    found = compare_time_to_target(run_outcomes(1e-30, 1e30), run_outcomes(1e30, 1e-29))
    assert (found.speedup.low, found.speedup.high) == (0, INF)
    assert found.logs.against().exact == 1


@pytest.mark.parametrize(
    ("a", "b", "better", "target"),
    [
        ((37, 38), (36, 36.5), "higher", 36),
        ((36.5, 36), (37, 38), "higher", 36),
        ((0.1, 0.2), (0.3, 0.5), "lower", 0.5),
        ((37, "diverged", "running"), (38, NAN, 36.5), "higher", 36.5),
        (("diverged",), (38, 39), "higher", 38),
        (("diverged",), (), "higher", NAN),
    ],
)
def test_the_common_target_is_the_worst_final_value(
    a: tuple[float | State, ...], b: tuple[float | State, ...], better: str, target: float
) -> None:
    found = common_target(run_outcomes(*a), run_outcomes(*b), better)
    assert found == pytest.approx(target, nan_ok=True)


def test_values_of_runs_that_go_on_set_no_target() -> None:
    going_on = [
        RunOutcome(0, "running", 20),
        RunOutcome(1, "diverged", 10),
        RunOutcome(2, "finished", 37),
    ]
    assert common_target(going_on, run_outcomes(38), "higher") == 37


def measured(*curves: list[float], steps: list[float]) -> list[Run]:
    return [
        Run(Path("run"), "finished", config={"seed": seed}, curves={"psnr": curve(values, steps)})
        for seed, values in enumerate(curves)
    ]


def test_a_target_passed_between_two_measurements_was_reached_at_any_time_between() -> None:
    (found,) = times(measured([30, 34, 36], steps=[10, 20, 30]), "psnr", 35, "higher")
    assert (found.value, found.span) == (25, (20, 30))
    early, never = times(measured([36, 37], [30, 34], steps=[10, 20]), "psnr", 35, "higher")
    assert (early.value, early.span) == (10, (0, 10))
    assert (never.value, never.span) == (INF, (20, INF))


def test_times_whose_spans_overlap_are_level() -> None:
    # Interpolated, a is there after 21 steps and b after 29: but both between 20 and 30.
    quick = times(measured([34.9, 36], [34.9, 36], steps=[20, 30]), "psnr", 35, "higher")
    slow = times(measured([34, 35.1], [30, 34], steps=[20, 30]), "psnr", 35, "higher")
    found = compare_time_to_target(quick, slow)
    assert found.logs.undecided == (0,)
    # With seed 1 b has not reached it after 30 steps, when a has.
    assert (found.logs.against().side, found.logs.against().exact) == (-1, 1)
    assert not found.logs.against().unanimous


def test_a_shorter_run_that_has_not_reached_it_yet_has_not_lost() -> None:
    short = times(measured([30, 34], steps=[10, 20]), "psnr", 35, "higher")
    late = times(measured([30, 31, 36], steps=[10, 40, 50]), "psnr", 35, "higher")
    soon = times(measured([36, 37], steps=[10, 20]), "psnr", 35, "higher")
    assert compare_time_to_target(short, late).logs.undecided == (0,)
    assert compare_time_to_target(short, soon).logs.against().side == 1


def test_unlike_first_measurements_do_not_make_one_faster() -> None:
    often = times(measured([36, 37], steps=[10, 20]), "psnr", 35, "higher")
    rarely = times(measured([37, 38], steps=[100, 200]), "psnr", 35, "higher")
    assert compare_time_to_target(often, rarely).logs.undecided == (0,)


def test_a_target_from_finals_is_reached_by_the_better_one() -> None:
    slow, quick = curve([30, 32, 34, 35]), curve([33, 35, 36, 36.5])
    finals = [[RunOutcome(0, "finished", final(each))] for each in (quick, slow)]
    target = common_target(*finals, "higher")
    assert time_to_target(quick, target, "higher", "step") == 20
    assert time_to_target(slow, target, "higher", "step") == 40


@given(REACHES, REACHES)
def test_swapping_sides_inverts_the_ratio(a: list[float | State], b: list[float | State]) -> None:
    one, other = (
        compare_time_to_target(*sides)
        for sides in ((run_outcomes(*a), run_outcomes(*b)), (run_outcomes(*b), run_outcomes(*a)))
    )
    assert one.logs.against().side == -other.logs.against().side
    assert one.speedup.count == other.speedup.count
    if one.speedup.count:
        assert one.speedup.mean * other.speedup.mean == pytest.approx(1)
    assert (one.never_a, one.never_b) == (other.never_b, other.never_a)


@given(st.lists(st.tuples(st.floats(1, 1e4), st.floats(1, 1e4)), min_size=3, max_size=5))
def test_the_unit_of_time_does_not_matter(pairs: list[tuple[float, float]]) -> None:
    a, b = zip(*pairs, strict=True)
    steps = compare_time_to_target(run_outcomes(*a), run_outcomes(*b)).speedup
    seconds = compare_time_to_target(
        run_outcomes(*(0.25 * each for each in a)), run_outcomes(*(0.25 * each for each in b))
    ).speedup
    assert seconds.mean == pytest.approx(steps.mean)
    assert np.log(seconds.low) == pytest.approx(np.log(steps.low), abs=1e-6)

"""How much sooner one configuration reaches a target."""

import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sr_experiments.runs.metrics_file import Curve
from sr_experiments.runs.status import State
from sr_experiments.studies.comparison import Outcome
from sr_experiments.studies.measures import final, reach
from sr_experiments.studies.speed import common_target, compare_speed
from tests.studies.synthetic import curve, outcomes, same

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

    def rise(constant: float, start: float) -> Outcome:
        height = 36 - (36 - start) * np.exp(-steps / constant)
        return Outcome(int(start), "finished", reach(curve(height, steps), 35, "higher", "step"))

    found = compare_speed([rise(200, s) for s in seeds], [rise(360, s) for s in seeds])
    assert found.times.mean == pytest.approx(1.8, rel=1e-3)
    assert (found.verdict, found.logs.pairs) == ("faster", 3)


def test_the_interval_is_that_of_logarithms() -> None:
    a, b = [100.0, 140, 90], [210.0, 250, 200]
    found = compare_speed(outcomes(*a), outcomes(*b))
    interval = stats.ttest_rel(np.log(b), np.log(a)).confidence_interval(0.95)
    assert found.times.mean == pytest.approx(stats.gmean(b) / stats.gmean(a))
    ends = (found.times.low, found.times.high)
    assert ends == pytest.approx((np.exp(interval.low), np.exp(interval.high)))
    assert found.verdict == "faster"


def test_never_loses_against_ever() -> None:
    found = compare_speed(outcomes(100, 900, 200), outcomes(150, INF, INF))
    assert (found.verdict, found.never_a, found.never_b) == ("faster", (), (1, 2))
    assert (found.times.mean, found.times.count) == (pytest.approx(1.5), 1)
    assert compare_speed(outcomes(INF, INF), outcomes(9, 8)).verdict == "slower"


def test_two_that_never_reach_it_are_level() -> None:
    for both in (INF, "diverged"):
        found = compare_speed(outcomes(100, 100, INF), outcomes(INF, INF, both))
        assert (found.verdict, found.logs.pairs) == ("not distinguishable", 3)


def test_runs_that_diverged_have_not_reached_anything() -> None:
    found = compare_speed(outcomes(100, 120), outcomes("diverged", "dead"))
    assert (found.verdict, found.never_b, found.logs.lost_b) == ("faster", (), (0, 1))


def test_accidents_and_missing_times_are_left_out() -> None:
    found = compare_speed(outcomes(100, 120, NAN, INF), outcomes(150, 190, 10, "killed"))
    assert [each.seed for each in found.logs.left_out] == [2, 3]
    assert found.never_a == ()


def test_one_pair_or_none_is_no_verdict() -> None:
    one = compare_speed(outcomes(100), outcomes(300))
    assert (one.times.mean, one.verdict) == (pytest.approx(3), "not distinguishable")
    none = compare_speed([], outcomes(300))
    assert (none.logs.pairs, none.verdict) == (0, "not distinguishable")
    assert same([none.times.mean, none.times.low], [NAN, NAN])


def test_a_target_met_before_training_is_as_fast_as_can_be() -> None:
    found = compare_speed(outcomes(0, 0), outcomes(10, 20))
    assert found.verdict == "faster"


def test_wild_intervals_do_not_overflow() -> None:
    found = compare_speed(outcomes(1e-30, 1e30), outcomes(1e30, 1e-29))
    assert (found.times.low, found.times.high) == (0, INF)
    assert found.verdict == "not distinguishable"


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
    found = common_target(outcomes(*a), outcomes(*b), better)
    assert found == pytest.approx(target, nan_ok=True)


def test_values_of_runs_that_go_on_set_no_target() -> None:
    going_on = [Outcome(0, "running", 20), Outcome(1, "diverged", 10), Outcome(2, "finished", 37)]
    assert common_target(going_on, outcomes(38), "higher") == 37


@pytest.mark.parametrize("seeds", [2, 3])
def test_between_equal_configurations_few_verdicts_are_false(seeds: int) -> None:
    rng, steps, trials = np.random.default_rng(0), np.arange(10.0, 1010, 20), 800

    def train() -> list[Curve]:
        tops = rng.normal(36.5, 0.05, seeds)
        rises = 6 * np.exp(-steps / 200) - rng.normal(0, 0.02, (seeds, len(steps)))
        return [curve(top - rise, steps) for top, rise in zip(tops, rises, strict=True)]

    def trial() -> bool:
        a, b = train(), train()
        finals = [outcomes(*map(final, each)) for each in (a, b)]
        target = common_target(*finals, "higher")
        reaches = [[reach(c, target, "higher", "step") for c in each] for each in (a, b)]
        found = compare_speed(*(outcomes(*each) for each in reaches))
        assert not found.never_a + found.never_b
        return found.verdict != "not distinguishable"

    assert np.mean([trial() for _ in range(trials)]) < 0.075


def test_a_target_from_finals_is_reached_by_the_better_one() -> None:
    slow, quick = curve([30, 32, 34, 35]), curve([33, 35, 36, 36.5])
    finals = [[Outcome(0, "finished", final(each))] for each in (quick, slow)]
    target = common_target(*finals, "higher")
    assert reach(quick, target, "higher", "step") == 20
    assert reach(slow, target, "higher", "step") == 40


@given(REACHES, REACHES)
def test_swapping_sides_inverts_the_ratio(a: list[float | State], b: list[float | State]) -> None:
    one, other = (
        compare_speed(*sides)
        for sides in ((outcomes(*a), outcomes(*b)), (outcomes(*b), outcomes(*a)))
    )
    opposite = {"faster": "slower", "slower": "faster"}
    assert one.verdict == opposite.get(other.verdict, other.verdict)
    assert one.times.count == other.times.count
    if one.times.count:
        assert one.times.mean * other.times.mean == pytest.approx(1)
    assert (one.never_a, one.never_b) == (other.never_b, other.never_a)


@given(st.lists(st.tuples(st.floats(1, 1e4), st.floats(1, 1e4)), min_size=3, max_size=5))
def test_the_unit_of_time_does_not_matter(pairs: list[tuple[float, float]]) -> None:
    a, b = zip(*pairs, strict=True)
    steps = compare_speed(outcomes(*a), outcomes(*b)).times
    seconds = compare_speed(
        outcomes(*(0.25 * each for each in a)), outcomes(*(0.25 * each for each in b))
    ).times
    assert seconds.mean == pytest.approx(steps.mean)
    assert np.log(seconds.low) == pytest.approx(np.log(steps.low), abs=1e-6)

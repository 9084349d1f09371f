"""Intervals over seeds, against scipy by other routes and by simulation."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sr_experiments.runs.metrics_file import Curve
from sr_experiments.studies.statistics import (
    Estimate,
    band,
    bootstrap_interval,
    estimate,
    paired,
)
from tests.studies.synthetic import curve, same

NAN = np.nan


@pytest.fixture(autouse=True)
def _no_warnings() -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_the_interval_is_scipys() -> None:
    values = [36.9, 37.1, 36.8, 37.3]
    found = estimate(values)
    low, high = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert (found.mean, found.low, found.high) == pytest.approx((np.mean(values), low, high))
    assert found.count == 4
    wider = stats.ttest_1samp(values, 0).confidence_interval(0.99)
    assert estimate(values, 0.99).low == pytest.approx(wider.low)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], (NAN, NAN, NAN, 0)),
        ([5.0], (5.0, NAN, NAN, 1)),
        ([5.0, NAN], (5.0, NAN, NAN, 1)),
        ([NAN], (NAN, NAN, NAN, 0)),
        ([5.0, 5.0, NAN, 5.0], (5.0, 5.0, 5.0, 3)),
        ([5.0, np.inf], (np.inf, NAN, NAN, 2)),
        ([-np.inf, np.inf], (NAN, NAN, NAN, 2)),
    ],
)
def test_what_has_no_interval(values: list[float], expected: tuple[float, ...]) -> None:
    found = estimate(values)
    assert same((found.mean, found.low, found.high, found.count), expected)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_95_of_100_intervals_hold_the_true_mean(seeds: int) -> None:
    samples = np.random.default_rng(0).normal(37, 0.2, (seeds, 4000))
    found = band([curve(sample) for sample in samples])
    share = np.mean((found.low <= 37) & (found.high >= 37))
    # 4000 trials at 0.95: a standard deviation is 0.0034.
    assert share == pytest.approx(0.95, abs=0.012)


def test_a_band_holds_each_steps_estimate() -> None:
    curves = [curve([30, 33, 34]), curve([31, 32, 36]), curve([29, 33, 33])]
    found = band(curves, 0.9)
    assert found.step.tolist() == [10, 20, 30]
    assert found.epoch.tolist() == [1, 2, 3]
    assert found.seconds.tolist() == [5, 10, 15]
    for at in range(3):
        alone = estimate([each.value[at] for each in curves], 0.9)
        here = (found.mean[at], found.low[at], found.high[at], found.count[at])
        assert here == pytest.approx((alone.mean, alone.low, alone.high, alone.count))


def test_a_band_goes_on_with_the_seeds_that_are_left() -> None:
    broken = curve([30, NAN, 99], [10, 20, 25])
    found = band([curve([32, 34, 36]), curve([34, 36, 40]), broken])
    assert found.step.tolist() == [10, 20, 25, 30]
    assert found.count.tolist() == [3, 2, 1, 2]
    assert found.mean.tolist() == [32, 35, 99, 38]
    assert same(np.isnan(found.low), [False, False, True, False])
    assert same(np.isnan(found.high), [False, False, True, False])


def test_a_band_has_the_times_that_were_recorded() -> None:
    slow = Curve(*(np.array(v, float) for v in ([1, 2], [10, 20], [30, 60], [1, 2])))
    untimed = replace(slow, seconds=np.full(2, NAN))
    assert band([slow, curve([1, 2]), untimed]).seconds.tolist() == [17.5, 35]
    assert np.isnan(band([untimed, untimed]).seconds).all()
    nowhere = band([curve([NAN, 2])])
    assert same(nowhere.mean, [NAN, 2])
    assert same(nowhere.epoch, [NAN, 2])
    assert nowhere.count.tolist() == [0, 1]


def test_no_curves_make_an_empty_band() -> None:
    found = band([])
    assert [len(part) for part in vars(found).values()] == [0] * 7


def test_the_effect_of_a_textbook_sample() -> None:
    x, y = np.array([11.0, 12, 14, 15, 13]), np.array([10.0, 10, 13, 11, 12])
    difference, effect = paired(x, y)  # differences 1 2 1 4 1: mean 1.8, variance 1.7
    assert difference.mean == pytest.approx(1.8)
    # Hedges' exact J for 4 degrees of freedom: Gamma(2) / (sqrt(2) Gamma(3/2)) = sqrt(2 / pi).
    assert effect == pytest.approx(1.8 / np.sqrt(1.7) * np.sqrt(2 / np.pi))


def test_the_effect_is_not_biased() -> None:
    samples = np.random.default_rng(1).normal(1.0, 1.0, (1500, 5))
    effects = [paired(sample, np.zeros(5))[1] for sample in samples]
    assert np.mean(effects) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        ([30.1, 31.2], [30.1, 31.2], (Estimate(0, 0, 0, 2), 0.0)),
        ([30.1, 31.1, 37.3], [30.0, 31.0, 37.2], (0.1, np.inf)),
        ([30.0, 31.0, 37.2], [30.1, 31.1, 37.3], (-0.1, -np.inf)),
        ([0.0, 0.0], [0.0, 0.0], (Estimate(0, 0, 0, 2), 0.0)),
    ],
)
def test_differences_without_variance_are_plain_numbers(
    x: list[float], y: list[float], expected: tuple[Estimate | float, float]
) -> None:
    difference, effect = paired(np.array(x), np.array(y))
    if isinstance(expected[0], Estimate):
        assert difference == expected[0]
    else:
        ends = (difference.low, difference.mean, difference.high)
        assert ends == pytest.approx([expected[0]] * 3)
    assert effect == expected[1]


def test_few_pairs_say_less() -> None:
    none, one = paired(np.empty(0), np.empty(0)), paired(np.array([2.0]), np.array([1.0]))
    assert same([none[0].mean, none[1]], [NAN] * 2)
    assert same([one[0].mean, one[0].low, one[1]], [1, NAN, NAN])
    assert np.isnan(paired(np.array([2.0, 4.0]), np.array([1.0, 1.0]))[1])


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 60)), max_size=6))
def test_swapping_sides_swaps_signs(pairs: list[tuple[float, float]]) -> None:
    x, y = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    (one, d), (other, e) = paired(x, y), paired(y, x)
    assert same([one.mean, one.low, one.high], [-other.mean, -other.high, -other.low])
    assert same([d, one.count], [-e, other.count])


def test_the_bootstrap_interval_is_scipys_and_needs_eight_differences() -> None:
    values = np.array([0.1, 0.4, 0.2, 0.9, 0.3, 0.5, 0.2, 0.6])
    assert same(bootstrap_interval(values[:7]), [NAN, NAN])
    assert same(bootstrap_interval(np.full(9, 0.3)), [NAN, NAN])
    low, high = bootstrap_interval(values)
    other = stats.bootstrap((values,), np.mean, method="BCa", rng=np.random.default_rng(7))
    assert (low, high) == pytest.approx(tuple(other.confidence_interval), abs=0.02)
    assert bootstrap_interval(-values) == pytest.approx((-high, -low))
    assert bootstrap_interval(values[::-1]) == (low, high)

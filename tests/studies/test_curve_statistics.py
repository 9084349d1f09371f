"""What one curve says, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from sr_experiments.errors import ConfigError
from sr_experiments.runs.metrics_file import Curve
from sr_experiments.studies.curve_statistics import area, at_share, best, final, time_to_target
from tests.studies.synthetic import curve, same

NAN = np.nan
HEIGHTS = st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(NAN)), min_size=1, max_size=12)
BETTER = st.sampled_from(["higher", "lower"])
AXES = st.sampled_from(["epoch", "step", "seconds"])


def test_final_and_best_pass_over_what_was_not_measured() -> None:
    values = curve([30.0, 32.0, NAN, 31.0, NAN])
    assert final(values) == 31.0
    assert best(values, "higher") == 32.0
    assert best(values, "lower") == 30.0


@pytest.mark.parametrize("values", [[], [NAN], [NAN, NAN]])
def test_a_curve_without_values_has_no_answers(values: list[float]) -> None:
    empty = curve(values)
    answers = [
        final(empty),
        best(empty, "higher"),
        area(empty),
        time_to_target(empty, 1, "higher", "step"),
    ]
    assert same(answers, [NAN] * 4)
    assert at_share(empty, 1.0, 10) is None


def test_area_of_an_exponential_is_its_integral() -> None:
    steps = np.linspace(10, 1000, 2000)
    height = 36 - 8 * np.exp(-steps / 200)
    integral = integrate.quad(lambda step: 36 - 8 * np.exp(-step / 200), 10, 1000)[0]
    assert area(curve(height, steps)) == pytest.approx(integral / 990, abs=1e-5)


def test_area_weighs_uneven_steps() -> None:
    # Two trapezoids by hand: 10 wide and 2 high in the mean, 30 wide and 4 high.
    assert area(curve([1, 3, 5], [10, 20, 50])) == pytest.approx((10 * 2 + 30 * 4) / 40)
    assert area(curve([1, NAN, 5], [10, 20, 50])) == pytest.approx(3)
    assert area(curve([7])) == 7


@pytest.mark.parametrize(
    ("share", "value"),
    [(0.1, 1.0), (0.5, 5.0), (1.0, 10.0), (0.55, 5.0), (0.56, 6.0), (0.05, 1.0), (0.04, None)],
)
def test_a_share_is_read_from_the_nearest_measurement(share: float, value: float | None) -> None:
    assert at_share(curve(range(1, 11)), share, 100) == value


def test_a_share_that_was_not_measured_has_no_value() -> None:
    once = curve([7])
    assert (at_share(once, 1.0, 15), at_share(once, 1.0, 16)) == (7, None)
    stopped = curve([1, 2, 3])
    assert at_share(stopped, 1.0, 30) == 3
    assert at_share(stopped, 1.0, 35) == 3
    assert at_share(stopped, 1.0, 36) is None
    assert at_share(curve([1, NAN, 3]), 0.5, 40) is None


@pytest.mark.parametrize("share", [0, -0.1, 1.01, NAN])
def test_shares_are_of_the_run(share: float) -> None:
    with pytest.raises(ConfigError, match="above 0 and at most 1"):
        at_share(curve([1, 2]), share, 20)


def test_a_line_reaches_its_values_when_it_should() -> None:
    line = curve([2, 4, 6, 8])
    for axis, unit in (("epoch", 1), ("step", 10), ("seconds", 5)):
        assert time_to_target(line, 5, "higher", axis) == pytest.approx(2.5 * unit)
        assert time_to_target(line, 8, "higher", axis) == 4 * unit
        assert time_to_target(line, 8.01, "higher", axis) == np.inf


def test_only_the_first_time_counts() -> None:
    falls_again = curve([0, 10, 0, 20])
    assert time_to_target(falls_again, 5, "higher", "step") == 15
    assert time_to_target(falls_again, 15, "higher", "step") == 37.5
    assert time_to_target(falls_again, -1, "higher", "step") == 10  # beyond it from the start
    assert time_to_target(falls_again, -1, "lower", "step") == np.inf
    assert time_to_target(curve([9, 4, 7, 1]), 5, "lower", "step") == pytest.approx(18)


def test_the_line_goes_on_where_a_measurement_is_missing() -> None:
    assert time_to_target(curve([0, NAN, 10]), 5, "higher", "step") == 20
    assert time_to_target(curve([-np.inf, 10]), 5, "higher", "step") == 20
    assert time_to_target(curve([0, np.inf]), 5, "higher", "step") == 20


def test_times_that_were_not_recorded_are_not_invented() -> None:
    untimed = replace(curve([2, 4]), seconds=np.full(2, NAN))
    assert same(time_to_target(untimed, 3, "higher", "seconds"), NAN)
    assert time_to_target(untimed, 5, "higher", "seconds") == np.inf
    assert time_to_target(untimed, 3, "higher", "step") == 15


@given(HEIGHTS, st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), BETTER, AXES)
def test_more_is_never_reached_sooner(
    heights: list[float], one: float, other: float, better: str, axis: str
) -> None:
    easy, hard = sorted([one, other], reverse=better == "lower")
    early, late = (time_to_target(curve(heights), target, better, axis) for target in (easy, hard))
    assert np.isnan(early) == np.isnan(late)
    assert np.isnan(early) or early <= late


@given(HEIGHTS, st.floats(-1e3, 1e3), AXES)
def test_lower_is_the_mirror_of_higher(heights: list[float], target: float, axis: str) -> None:
    up = curve(heights)
    down = Curve(up.epoch, up.step, up.seconds, -up.value)
    assert same(
        time_to_target(up, target, "higher", axis), time_to_target(down, -target, "lower", axis)
    )
    assert same(best(up, "higher"), -best(down, "lower"))


@given(HEIGHTS, st.floats(-1e3, 1e3))
def test_the_curve_is_there_when_it_is_said_to_be(heights: list[float], target: float) -> None:
    known = [(10.0 * i, h) for i, h in enumerate(heights, 1) if not np.isnan(h)]
    step = time_to_target(curve(heights), target, "higher", "step")
    if np.isfinite(step) and step > known[0][0]:
        assert np.interp(step, *zip(*known, strict=True)) == pytest.approx(target, abs=1e-6)
    elif known:
        assert (step == np.inf) == (max(height for _, height in known) < target)

"""What one curve says: where it ends, how high it is on the way, and when it is there.

Measurements that are NaN count as not taken; without any other, the answer is NaN.
"""

from typing import Literal

import numpy as np

from sr_experiments.errors import ConfigError
from sr_experiments.runs.metrics_file import Curve

Better = Literal["higher", "lower"]
Axis = Literal["epoch", "step", "seconds"]


def final(curve: Curve) -> float:
    """The last value."""
    values = _measured(curve).value
    return float(values[-1]) if len(values) else np.nan


def best(curve: Curve, better: Better) -> float:
    """The highest value, or the lowest one where lower is better."""
    values = _measured(curve).value
    if not len(values):
        return np.nan
    return float(values.max() if better == "higher" else values.min())


def at_share(curve: Curve, share: float, total_steps: int) -> float | None:
    """The value measured at a share of a run.

    It is the nearest measurement; None if that is more than half the (median) distance between
    measurements away.

    Args:
        curve: the measurements.
        share: of the run's steps, in (0, 1].
        total_steps: optimizer steps of the whole run.

    Raises:
        ConfigError: ``share`` is not in (0, 1].
    """
    if not 0 < share <= 1:
        raise ConfigError(f"the share of the training must be above 0 and at most 1, not {share}")
    measured = _measured(curve)
    if not len(measured.step):
        return None
    spacing = float(np.median(np.diff(curve.step, prepend=0.0)))
    # Rounded, so that 0.55 * 100 steps are 55: the earlier one of two as near is taken.
    distances = np.abs(measured.step - share * total_steps).round(6)
    nearest = int(distances.argmin())
    return float(measured.value[nearest]) if distances[nearest] <= spacing / 2 else None


def area(curve: Curve) -> float:
    """Mean value between the first and the last measurement: the area (trapezoids) per step."""
    measured = _measured(curve)
    if len(measured.step) < 2:
        return final(measured)
    width = measured.step[-1] - measured.step[0]
    return float(np.trapezoid(measured.value, measured.step) / width)


def time_to_target(curve: Curve, target: float, better: Better, axis: Axis) -> float:
    """When a target is first reached; inf if it never is.

    Between measurements the curve is a straight line. A curve that starts beyond the target has
    reached it at its first measurement.

    Args:
        curve: the measurements.
        target: value to be reached.
        better: which values are better.
        axis: what the answer is counted in.

    Returns:
        Epochs, steps or seconds; NaN where it was reached but the time was not recorded.
    """
    measured = _measured(curve)
    sign = 1.0 if better == "higher" else -1.0
    heights = sign * (measured.value - target)
    there = np.flatnonzero(heights >= 0)
    if not len(there):
        return np.inf if len(heights) else np.nan
    after = int(there[0])
    places = getattr(measured, axis)
    if after == 0 or not np.isfinite(heights[after - 1 : after + 1]).all():
        return float(places[after])
    below, above = heights[after - 1], heights[after]
    place = places[after - 1] + (places[after] - places[after - 1]) * (below / (below - above))
    return float(place)


def span_to_target(curve: Curve, target: float, better: Better, axis: Axis) -> tuple[float, float]:
    """Between which measurements a target is first reached, as (not yet, by then).

    It is (0, first) where the first measurement has reached it, (last, inf) where none has, and
    NaN without measurements.

    Args:
        curve: the measurements.
        target: value to be reached.
        better: which values are better.
        axis: what the answer is counted in.
    """
    measured = _measured(curve)
    if not len(measured.value):
        return np.nan, np.nan
    reached = measured.value >= target if better == "higher" else measured.value <= target
    places = [0.0, *getattr(measured, axis).tolist(), np.inf]
    first = int(reached.argmax()) if reached.any() else len(reached)
    return places[first], places[first + 1]


def _measured(curve: Curve) -> Curve:
    keep = ~np.isnan(curve.value)
    if keep.all():
        return curve
    return Curve(curve.epoch[keep], curve.step[keep], curve.seconds[keep], curve.value[keep])

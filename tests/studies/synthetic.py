"""Curves and run_outcomes with known answers."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sr_experiments.runs.metrics_file import Curve
from sr_experiments.runs.status import State
from sr_experiments.studies.comparison import RunOutcome


def curve(values: ArrayLike, steps: ArrayLike | None = None) -> Curve:
    """Measured every 10 steps from the 10th, an epoch each, half a second per step."""
    value = np.asarray(values, dtype=np.float64)
    step = 10.0 * np.arange(1, len(value) + 1) if steps is None else np.asarray(steps, np.float64)
    return Curve(step / 10, step, step / 2, value)


def run_outcomes(*values: float | State) -> list[RunOutcome]:
    """Seeds 0, 1, ...: a number is a finished run, a word the state of another one."""
    return [
        RunOutcome(seed, value, np.nan)
        if isinstance(value, str)
        else RunOutcome(seed, "finished", value)
        for seed, value in enumerate(values)
    ]


def same(x: Any, y: Any) -> bool:
    """Whether two results are equal, NaN being equal to NaN."""
    return bool(np.array_equal(np.asarray(x), np.asarray(y), equal_nan=True))

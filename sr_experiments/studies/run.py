"""One run, as its folder tells it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

#: How a run stands. Diverged and dead runs have failed by what they tested, the others by accident.
State = Literal[
    "finished",
    "running",
    "diverged",
    "dead",
    "failed",
    "killed",
    "timeout",
    "interrupted",
    "waiting",
    "unreadable",
]
#: Among a run's metrics: how many of its test images were scored during training too.
SEEN = "test/seen_in_validation"


@dataclass(frozen=True)
class Curve:
    """One metric over a run; all arrays are float64 [N], steps ascending.

    Attributes:
        epoch: epochs done when the value was taken: 1, 2, ...
        step: optimizer steps done: 10, 20, ...
        seconds: seconds of training until then; NaN where the run did not record them.
        value: the metric.
    """

    epoch: NDArray[np.float64]
    step: NDArray[np.float64]
    seconds: NDArray[np.float64]
    value: NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        folder: the run folder.
        state: how it ended, or that it has not.
        error: why it did not finish; empty if it did.
        config: the resolved configuration; empty where it could not be read.
        overrides: what was typed.
        metrics: the newest value of each metric, as ``test/set5_x2/psnr_y``.
        curves: metrics over training, as ``val/set5_x2/psnr_y``.
        bicubic: the metrics of bicubic interpolation on the test sets, by the same names.
        protocol: how the test sets were scored: a protocol's name and what was changed of it.
        environment: command, commit, versions, hardware.
        seconds: wall-clock seconds in all.
        written: when its status was last written, in seconds since 1970; 0 if never.
        notes: what a reader must know about the files themselves.
    """

    folder: Path
    state: State
    error: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    overrides: list[str] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    bicubic: dict[str, float] = field(default_factory=dict)
    protocol: str = ""
    environment: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    written: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def seed(self) -> int | None:
        """The run's seed."""
        return self.config.get("seed")

    @property
    def study(self) -> dict[str, Any]:
        """``name``, ``size`` and ``arm`` of the study that it belongs to; empty without one."""
        return self.config.get("study") or {}

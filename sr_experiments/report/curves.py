"""Curves with bands for a report."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sr_experiments.report.content import Lines, Metric
from sr_experiments.report.inputs import ReportInputs, Variant
from sr_experiments.report.labels import label, number
from sr_experiments.runs.metrics_file import Curve
from sr_experiments.runs.read import Run
from sr_experiments.studies.curve_statistics import Better
from sr_experiments.studies.statistics import band

# More points than a screen has columns only make the file large.
_POINTS = 400
_LOWER = ("loss", "lpips", "dists")
_NOT_SHOWN = ("train/lr", "train/data_wait", "train/clipped", "train/seconds")


def make_metrics(inputs: ReportInputs) -> list[Metric]:
    """The curves of each metric of validation and of the losses; the compared one comes first."""
    names = {name for run in inputs.runs for name in run.curves if name not in _NOT_SHOWN}
    order = sorted(names, key=lambda n: (n != inputs.metric, not n.startswith("val/"), n))
    metrics = []
    for name in order:
        lines = [_lines(variant, name) for variant in inputs.variants]
        better = inputs.better if name == inputs.metric else better_of(name)
        shown = [line for line in lines if line["step"]]
        metrics.append(Metric(name=name, label=label(name), better=better, lines=shown))
    return metrics


def better_of(metric: str) -> Better:
    """Which way a metric improves, by its name."""
    last = metric.rpartition("/")[2]
    return "lower" if any(word in last for word in _LOWER) else "higher"


def _lines(variant: Variant, metric: str) -> Lines:
    runs = [run for run in variant.selected if metric in run.curves]
    together = band([run.curves[metric] for run in runs])
    kept = _thin(len(together.step))
    steps = together.step[kept]
    return Lines(
        variant=variant.id,
        epoch=_numbers(together.epoch[kept]),
        step=_numbers(steps),
        seconds=_numbers(together.seconds[kept]),
        mean=_numbers(together.mean[kept]),
        low=_numbers(together.low[kept]),
        high=_numbers(together.high[kept]),
        runs={name: _at(run.curves[metric], steps) for name, run in _named(runs)},
    )


def _named(runs: Sequence[Run]) -> list[tuple[str, Run]]:
    """Runs by "seed 0", or by their folders where they have no seed."""
    return [(f"seed {run.seed}" if run.seed is not None else str(run.folder), run) for run in runs]


def _at(curve: Curve, steps: NDArray[np.float64]) -> list[float | None]:
    places = dict(zip(curve.step.tolist(), curve.value.tolist(), strict=True))
    return [number(places.get(step, np.nan)) for step in steps.tolist()]


def _thin(count: int) -> NDArray[np.int64]:
    """Places of at most so many measurements, evenly, with the first and the last."""
    return np.unique(np.linspace(0, count - 1, min(count, _POINTS)).round().astype(np.int64))


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [number(value) for value in values.tolist()]

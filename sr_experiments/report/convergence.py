"""Convergence of each variant in figures, and pairs of them in words."""

from collections.abc import Callable, Sequence

import numpy as np

from sr_experiments.report.content import Statistic
from sr_experiments.report.inputs import ReportInputs, Variant
from sr_experiments.report.labels import digits, label
from sr_experiments.runs.metrics_file import Curve
from sr_experiments.runs.read import Run
from sr_experiments.studies.comparison import Comparison, RunOutcome, compare, run_outcomes
from sr_experiments.studies.curve_statistics import area, best, final, time_to_target
from sr_experiments.studies.statistics import Estimate, estimate
from sr_experiments.studies.time_to_target import (
    TimeToTarget,
    common_target,
    compare_time_to_target,
)
from sr_experiments.studies.verdict import describe

_PAIRS = 30


def make_statistics(inputs: ReportInputs) -> tuple[list[Statistic], str]:
    """A line for each variant, and how they were computed."""
    if not inputs.metric:
        return [], ""
    target = inputs.target if inputs.target is not None else _reachable(inputs)
    lines = [_statistic(inputs, variant, target) for variant in inputs.variants]
    text = "none" if np.isnan(target) else f"{target:.{digits(inputs.metric)}f}"
    return lines, (
        f"{label(inputs.metric)}, of finished runs; mean over seeds ± half of the 95 % confidence "
        "interval (Student's t). Area: mean value between the first and the last measurement. "
        f"Target: {text}{'' if np.isnan(target) else f' ({inputs.whence})'}."
    )


def make_pairs(inputs: ReportInputs) -> list[str]:
    """Each variant against the first one: where it ends, and how fast it gets there."""
    measured = [g for g in inputs.variants if any(inputs.metric in r.curves for r in g.selected)]
    if not measured:
        return []
    first, *others = measured
    sentences = []
    for variant in others[:_PAIRS]:
        names = (variant.name, first.name)
        sentences.append(describe(ends(inputs, variant, first), names, inputs.unit))
        speed = speeds(inputs, variant, first)
        if _too_coarse(inputs, variant, first):
            sentences.append(
                f"{variant.name} and {first.name} are first measured after different numbers of "
                "steps, and one reaches the target by then: their speeds cannot be told."
            )
        elif speed.logs.pairs:
            sentences.append(describe(speed, names, inputs.unit))
    if len(others) > _PAIRS:
        sentences.append(f"{len(others) - _PAIRS} more variants are not compared here.")
    return sentences


def ends(inputs: ReportInputs, a: Variant, b: Variant) -> Comparison:
    """Compares the final values of two variants.

    Args:
        inputs: names the metric and which way is better.
        a: one variant.
        b: the other one.
    """
    return compare(_outcomes(inputs, a, final), _outcomes(inputs, b, final), inputs.better)


def speeds(inputs: ReportInputs, a: Variant, b: Variant) -> TimeToTarget:
    """Compares the steps that two variants need to reach the target.

    Args:
        inputs: names the metric and, as the case may be, the target.
        a: one variant.
        b: the other one.
    """
    target = _target(inputs, a, b)

    def steps(curve: Curve) -> float:
        return time_to_target(curve, target, inputs.better, "step")

    return compare_time_to_target(_outcomes(inputs, a, steps), _outcomes(inputs, b, steps))


def spread(found: Estimate, decimals: int) -> str:
    """A mean with its interval, as "36.90 ± 0.05"."""
    if not found.count or not np.isfinite(found.mean):
        return "-"
    text = f"{found.mean:.{decimals}f}"
    half = found.high - found.mean
    return f"{text} ± {half:.{decimals}f}" if np.isfinite(half) else text


def count_states(variant: Variant) -> str:
    """How its runs stand, as "2 of 3 finished, 1 diverged"."""
    states, total = dict(variant.states), len(variant.selected)
    done = states.pop("finished", 0)
    head = f"{done} finished" if done == total else f"{done} of {total} finished"
    return ", ".join([head, *(f"{count} {state}" for state, count in states.items())])


def _target(inputs: ReportInputs, a: Variant, b: Variant) -> float:
    if inputs.target is not None:
        return inputs.target
    return common_target(_outcomes(inputs, a, final), _outcomes(inputs, b, final), inputs.better)


def _too_coarse(inputs: ReportInputs, a: Variant, b: Variant) -> bool:
    """Whether the speeds of two variants are those of their first measurements."""
    target = _target(inputs, a, b)
    curves = [curve for variant in (a, b) for _, curve in _curves(inputs, variant)]
    early = [
        time_to_target(curve, target, inputs.better, "step") <= curve.step[0] for curve in curves
    ]
    return any(early) and len({float(curve.step[0]) for curve in curves}) > 1


def _outcomes(
    inputs: ReportInputs, variant: Variant, measure: Callable[[Curve], float]
) -> list[RunOutcome]:
    return run_outcomes(variant.selected, inputs.metric, measure)


def _curves(inputs: ReportInputs, variant: Variant) -> list[tuple[Run, Curve]]:
    return [(r, r.curves[inputs.metric]) for r in variant.finished if inputs.metric in r.curves]


def _reachable(inputs: ReportInputs) -> float:
    """The worst final value, which every finished run reaches."""
    values = [final(curve) for variant in inputs.variants for _, curve in _curves(inputs, variant)]
    known = [value for value in values if np.isfinite(value)]
    pick = min if inputs.better == "higher" else max
    return pick(known, default=float("nan"))


def _statistic(inputs: ReportInputs, variant: Variant, target: float) -> Statistic:
    curves = _curves(inputs, variant)
    decimals = digits(inputs.metric)

    def over_seeds(measure: Callable[[Curve], float]) -> str:
        return spread(estimate([measure(curve) for _, curve in curves]), decimals)

    return Statistic(
        variant=variant.id,
        runs=count_states(variant),
        final=over_seeds(final),
        best=over_seeds(lambda curve: best(curve, inputs.better)),
        area=over_seeds(area),
        to_target=_to_target(inputs, curves, target),
    )


def _to_target(inputs: ReportInputs, curves: Sequence[tuple[Run, Curve]], target: float) -> str:
    if not curves or np.isnan(target):
        return "-"
    when = [
        (run.seed, time_to_target(curve, target, inputs.better, "step")) for run, curve in curves
    ]
    there = [step for _, step in when if np.isfinite(step)]
    never = [str(seed) for seed, step in when if not np.isfinite(step)]
    if not there:
        return "never"
    aside = f" (seed {', '.join(never)}: never)" if never else ""
    at_once = all(step <= curve.step[0] for _, curve in curves for step in there)
    before = "by the first measurement, " if at_once else ""
    return f"{before}step {spread(estimate(there), 0)}{aside}"

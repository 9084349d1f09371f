"""Variants compared: convergence in figures, pairs in words, and the claims of a study."""

from collections.abc import Callable, Sequence

import numpy as np

from sr_experiments.report.content import Claim, Statistic
from sr_experiments.report.inputs import ReportInputs, Variant
from sr_experiments.report.labels import digits, is_decibel, label
from sr_experiments.runs.metrics_file import Curve
from sr_experiments.runs.read import Run
from sr_experiments.studies.columns import Column
from sr_experiments.studies.comparison import Comparison, RunOutcome, compare, run_outcomes
from sr_experiments.studies.curve_statistics import area, at_share, best, final, time_to_target
from sr_experiments.studies.statistics import Estimate, estimate
from sr_experiments.studies.study import Study, StudyClaim
from sr_experiments.studies.text import describe_all
from sr_experiments.studies.time_to_target import (
    TimeToTarget,
    common_target,
    compare_time_to_target,
    times,
)
from sr_experiments.studies.verdict import Claimed, judge

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
        f"Target: {text}{'' if np.isnan(target) else f' ({inputs.target_source})'}."
    )


def make_pairs(inputs: ReportInputs) -> list[str]:
    """Each variant against the first one: where it ends, and how fast it gets there."""
    measured = [v for v in inputs.variants if any(inputs.metric in r.curves for r in v.selected)]
    if not measured:
        return []
    first, *others = measured
    compared: list[tuple[Comparison | TimeToTarget, tuple[str, str], str]] = []
    for variant in others[:_PAIRS]:
        names = (variant.name, first.name)
        compared.append((compare_final(inputs, variant, first), names, inputs.unit))
        speed = compare_times(inputs, variant, first)
        if speed.logs.pairs:
            compared.append((speed, names, ""))
    sentences = describe_all(compared)
    if len(others) > _PAIRS:
        sentences.append(f"{len(others) - _PAIRS} more variants are not compared here.")
    return sentences


def compare_final(inputs: ReportInputs, a: Variant, b: Variant) -> Comparison:
    """Compares the final values of two variants.

    Args:
        inputs: names the metric and which way is better.
        a: one variant.
        b: the other one.
    """
    return compare(_outcomes(inputs, a, final), _outcomes(inputs, b, final), inputs.better)


def compare_times(inputs: ReportInputs, a: Variant, b: Variant) -> TimeToTarget:
    """Compares the steps that two variants need to reach the target.

    Args:
        inputs: names the metric and, as the case may be, the target.
        a: one variant.
        b: the other one.
    """
    target = _target(inputs, a, b)
    return compare_time_to_target(
        *(times(each.selected, inputs.metric, target, inputs.better) for each in (a, b))
    )


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


def _outcomes(
    inputs: ReportInputs, variant: Variant, statistic: Callable[[Curve], float]
) -> list[RunOutcome]:
    return run_outcomes(variant.selected, inputs.metric, statistic)


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

    def over_seeds(statistic: Callable[[Curve], float]) -> str:
        return spread(estimate([statistic(curve) for _, curve in curves]), decimals)

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


def make_claims(inputs: ReportInputs) -> list[Claim]:
    """A verdict for each claim of the study, corrected for their number; none without a study."""
    study = inputs.study
    if not study:
        return []
    found = [_claimed(inputs, study, claim) for claim in study.claims]
    judged = iter(judge([each for each in found if isinstance(each, Claimed)]))
    claims = []
    for claim, each in zip(study.claims, found, strict=True):
        if isinstance(each, str):
            claims.append(Claim(text=claim.text, verdict="not shown", words=each))
        else:
            judgement = next(judged)
            claims.append(Claim(text=claim.text, verdict=judgement.verdict, words=judgement.words))
    return claims


def at_column(run: Run, column: Column) -> float:
    """A run's value in a column of a study; NaN if it has none."""
    if column.at is None:
        return run.metrics.get(column.metric, float("nan"))
    curve = run.curves.get(column.metric)
    if curve is None:
        return float("nan")
    steps = max(int(each.step[-1]) for each in run.curves.values())
    value = at_share(curve, column.at, steps)
    return float("nan") if value is None else value


def _claimed(inputs: ReportInputs, study: Study, claim: StudyClaim) -> Claimed | str:
    """The comparison that a claim is about, or why there is none."""
    variants = {variant.name: variant for variant in inputs.variants}
    missing = [variant for variant in claim.compare if variant not in variants]
    if missing:
        alike = [name for name in variants if name.split()[0] in missing]
        words = f"There are several variants of it: {', '.join(alike)}." if alike else ""
        return f"There is no run of {' and '.join(missing)}. {words}".strip()
    a, b = (variants[variant] for variant in claim.compare)
    column = study.columns.get(claim.metric)
    found: Comparison | TimeToTarget
    if column:
        found = compare(_column(a, column), _column(b, column), inputs.better)
    else:
        found = (compare_times if claim.metric == "speed" else compare_final)(inputs, a, b)
    metric = column.metric if column else inputs.metric
    return Claimed(
        claim.expect,
        found,
        (a.name, b.name),
        claim.margin,
        unit="dB" if is_decibel(metric) else "",
        verb=f"is, at {claim.metric}," if column else "ends",
    )


def _column(variant: Variant, column: Column) -> list[RunOutcome]:
    return [RunOutcome(run.seed, run.state, at_column(run, column)) for run in variant.selected]

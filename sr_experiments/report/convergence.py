"""Convergence of each configuration in figures, and pairs of them in words."""

from collections.abc import Callable, Sequence

import numpy as np

from sr_experiments.report.content import Statistic
from sr_experiments.report.labels import digits, label
from sr_experiments.report.subject import Group, Subject
from sr_experiments.runs.metrics_file import Curve
from sr_experiments.runs.read import Run
from sr_experiments.studies.comparison import Comparison, Outcome, compare, outcomes
from sr_experiments.studies.measures import area, best, final, reach
from sr_experiments.studies.speed import Speed, common_target, compare_speed
from sr_experiments.studies.statistics import Estimate, estimate
from sr_experiments.studies.verdict import describe

_PAIRS = 30


def make_statistics(subject: Subject) -> tuple[list[Statistic], str]:
    """A line for each configuration, and how they were computed."""
    if not subject.metric:
        return [], ""
    target = subject.target if subject.target is not None else _reachable(subject)
    lines = [_statistic(subject, group, target) for group in subject.groups]
    text = "none" if np.isnan(target) else f"{target:.{digits(subject.metric)}f}"
    return lines, (
        f"{label(subject.metric)}, of finished runs; mean over seeds ± half of the 95 % confidence "
        "interval (Student's t). Area: mean value between the first and the last measurement. "
        f"Target: {text}{'' if np.isnan(target) else f' ({subject.whence})'}."
    )


def make_pairs(subject: Subject) -> list[str]:
    """Each configuration against the first one: where it ends, and how fast it gets there."""
    measured = [g for g in subject.groups if any(subject.metric in r.curves for r in g.counted)]
    if not measured:
        return []
    first, *others = measured
    sentences = []
    for group in others[:_PAIRS]:
        names = (group.name, first.name)
        sentences.append(describe(ends(subject, group, first), names, subject.unit))
        speed = speeds(subject, group, first)
        if _too_coarse(subject, group, first):
            sentences.append(
                f"{group.name} and {first.name} are first measured after different numbers of "
                "steps, and one reaches the target by then: their speeds cannot be told."
            )
        elif speed.logs.pairs:
            sentences.append(describe(speed, names, subject.unit))
    if len(others) > _PAIRS:
        sentences.append(f"{len(others) - _PAIRS} more configurations are not compared here.")
    return sentences


def ends(subject: Subject, a: Group, b: Group) -> Comparison:
    """Final values of two configurations."""
    return compare(_outcomes(subject, a, final), _outcomes(subject, b, final), subject.better)


def speeds(subject: Subject, a: Group, b: Group) -> Speed:
    """Steps to the target of two configurations."""
    target = _target(subject, a, b)

    def steps(curve: Curve) -> float:
        return reach(curve, target, subject.better, "step")

    return compare_speed(_outcomes(subject, a, steps), _outcomes(subject, b, steps))


def spread(found: Estimate, decimals: int) -> str:
    """A mean with its interval, as "36.90 ± 0.05"."""
    if not found.count or not np.isfinite(found.mean):
        return "-"
    text = f"{found.mean:.{decimals}f}"
    half = found.high - found.mean
    return f"{text} ± {half:.{decimals}f}" if np.isfinite(half) else text


def count_states(group: Group) -> str:
    """How its runs stand, as "2 of 3 finished, 1 diverged"."""
    states, total = dict(group.states), len(group.counted)
    done = states.pop("finished", 0)
    head = f"{done} finished" if done == total else f"{done} of {total} finished"
    return ", ".join([head, *(f"{count} {state}" for state, count in states.items())])


def _target(subject: Subject, a: Group, b: Group) -> float:
    if subject.target is not None:
        return subject.target
    return common_target(_outcomes(subject, a, final), _outcomes(subject, b, final), subject.better)


def _too_coarse(subject: Subject, a: Group, b: Group) -> bool:
    """Whether the speeds of two configurations are those of their first measurements."""
    target = _target(subject, a, b)
    curves = [curve for group in (a, b) for _, curve in _curves(subject, group)]
    early = [reach(curve, target, subject.better, "step") <= curve.step[0] for curve in curves]
    return any(early) and len({float(curve.step[0]) for curve in curves}) > 1


def _outcomes(subject: Subject, group: Group, measure: Callable[[Curve], float]) -> list[Outcome]:
    return outcomes(group.counted, subject.metric, measure)


def _curves(subject: Subject, group: Group) -> list[tuple[Run, Curve]]:
    return [(r, r.curves[subject.metric]) for r in group.finished if subject.metric in r.curves]


def _reachable(subject: Subject) -> float:
    """The worst final value, which every finished run reaches."""
    values = [final(curve) for group in subject.groups for _, curve in _curves(subject, group)]
    known = [value for value in values if np.isfinite(value)]
    pick = min if subject.better == "higher" else max
    return pick(known, default=float("nan"))


def _statistic(subject: Subject, group: Group, target: float) -> Statistic:
    curves = _curves(subject, group)
    decimals = digits(subject.metric)

    def over_seeds(measure: Callable[[Curve], float]) -> str:
        return spread(estimate([measure(curve) for _, curve in curves]), decimals)

    return Statistic(
        configuration=group.id,
        runs=count_states(group),
        final=over_seeds(final),
        best=over_seeds(lambda curve: best(curve, subject.better)),
        area=over_seeds(area),
        to_target=_to_target(subject, curves, target),
    )


def _to_target(subject: Subject, curves: Sequence[tuple[Run, Curve]], target: float) -> str:
    if not curves or np.isnan(target):
        return "-"
    when = [(run.seed, reach(curve, target, subject.better, "step")) for run, curve in curves]
    there = [step for _, step in when if np.isfinite(step)]
    never = [str(seed) for seed, step in when if not np.isfinite(step)]
    if not there:
        return "never"
    aside = f" (seed {', '.join(never)}: never)" if never else ""
    at_once = all(step <= curve.step[0] for _, curve in curves for step in there)
    before = "by the first measurement, " if at_once else ""
    return f"{before}step {spread(estimate(there), 0)}{aside}"

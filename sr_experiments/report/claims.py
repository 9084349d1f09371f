"""What runs say about the claims of their study."""

from sr_experiments.report.content import Claim
from sr_experiments.report.convergence import ends, speeds
from sr_experiments.report.labels import is_decibel
from sr_experiments.report.subject import Group, Subject
from sr_experiments.runs.read import Run
from sr_experiments.studies.columns import Column
from sr_experiments.studies.comparison import Comparison, Outcome, compare
from sr_experiments.studies.measures import at_share
from sr_experiments.studies.speed import Speed
from sr_experiments.studies.study import Study, StudyClaim
from sr_experiments.studies.verdict import judge


def make_claims(subject: Subject) -> list[Claim]:
    """A verdict for each claim of the study; none without a study."""
    if not subject.study:
        return []
    return [_judged(subject, subject.study, claim) for claim in subject.study.claims]


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


def _judged(subject: Subject, study: Study, claim: StudyClaim) -> Claim:
    groups = {group.name: group for group in subject.groups}
    missing = [variant for variant in claim.compare if variant not in groups]
    if missing:
        alike = [name for name in groups if name.split()[0] in missing]
        words = f"There are several configurations of it: {', '.join(alike)}." if alike else ""
        return Claim(
            text=claim.text,
            verdict="cannot tell",
            words=f"There is no run of {' and '.join(missing)}. {words}".strip(),
        )
    a, b = (groups[variant] for variant in claim.compare)
    column = study.columns.get(claim.metric)
    found: Comparison | Speed
    if column:
        found = compare(_column(a, column), _column(b, column), subject.better)
    else:
        found = (speeds if claim.metric == "speed" else ends)(subject, a, b)
    metric = column.metric if column else subject.metric
    judgement = judge(
        claim.expect,
        found,
        claim.margin,
        names=(a.name, b.name),
        unit="dB" if is_decibel(metric) else "",
        verb=f"is, at {claim.metric}," if column else "ends",
    )
    return Claim(text=claim.text, verdict=judgement.verdict, words=judgement.words)


def _column(group: Group, column: Column) -> list[Outcome]:
    return [Outcome(run.seed, run.state, at_column(run, column)) for run in group.counted]

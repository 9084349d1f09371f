"""What runs say about the claims of their study."""

from sr_experiments.report.content import Claim
from sr_experiments.report.convergence import ends, speeds
from sr_experiments.report.inputs import ReportInputs, Variant
from sr_experiments.report.labels import is_decibel
from sr_experiments.runs.read import Run
from sr_experiments.studies.columns import Column
from sr_experiments.studies.comparison import Comparison, RunOutcome, compare
from sr_experiments.studies.curve_statistics import at_share
from sr_experiments.studies.study import Study, StudyClaim
from sr_experiments.studies.time_to_target import TimeToTarget
from sr_experiments.studies.verdict import judge


def make_claims(inputs: ReportInputs) -> list[Claim]:
    """A verdict for each claim of the study; none without a study."""
    if not inputs.study:
        return []
    return [_judged(inputs, inputs.study, claim) for claim in inputs.study.claims]


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


def _judged(inputs: ReportInputs, study: Study, claim: StudyClaim) -> Claim:
    variants = {variant.name: variant for variant in inputs.variants}
    missing = [variant for variant in claim.compare if variant not in variants]
    if missing:
        alike = [name for name in variants if name.split()[0] in missing]
        words = f"There are several variants of it: {', '.join(alike)}." if alike else ""
        return Claim(
            text=claim.text,
            verdict="cannot tell",
            words=f"There is no run of {' and '.join(missing)}. {words}".strip(),
        )
    a, b = (variants[variant] for variant in claim.compare)
    column = study.columns.get(claim.metric)
    found: Comparison | TimeToTarget
    if column:
        found = compare(_column(a, column), _column(b, column), inputs.better)
    else:
        found = (speeds if claim.metric == "speed" else ends)(inputs, a, b)
    metric = column.metric if column else inputs.metric
    judgement = judge(
        claim.expect,
        found,
        claim.margin,
        names=(a.name, b.name),
        unit="dB" if is_decibel(metric) else "",
        verb=f"is, at {claim.metric}," if column else "ends",
    )
    return Claim(text=claim.text, verdict=judgement.verdict, words=judgement.words)


def _column(variant: Variant, column: Column) -> list[RunOutcome]:
    return [RunOutcome(run.seed, run.state, at_column(run, column)) for run in variant.selected]

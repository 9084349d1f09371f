"""From runs to what a report says."""

from collections.abc import Sequence
from datetime import datetime

from sr_experiments.report.comparisons import make_claims, make_pairs, make_statistics
from sr_experiments.report.content import Content, RunLine
from sr_experiments.report.curves import better_of, make_metrics
from sr_experiments.report.environment import make_commands, make_environment
from sr_experiments.report.inputs import (
    ReportInputs,
    default_metric,
    describe_variants,
    make_variants,
)
from sr_experiments.report.notes import make_notes
from sr_experiments.report.pictures import make_pictures
from sr_experiments.report.results import make_results
from sr_experiments.runs.read import Run
from sr_experiments.studies.curve_statistics import Better
from sr_experiments.studies.study import Study
from sr_experiments.studies.variants import common_overrides
from sr_experiments.studies.verdict import MEANING


def make_inputs(
    runs: Sequence[Run],
    study: Study | None = None,
    metric: str | None = None,
    target: float | None = None,
    better: Better | None = None,
) -> ReportInputs:
    """Groups runs, and settles what they are held to; what is not given comes from the study.

    Args:
        runs: all runs.
        study: the study that they belong to.
        metric: name of the curves to compare.
        target: value to which convergence is timed.
        better: "higher" or "lower".
    """
    chosen = metric or (study.metric if study else default_metric(runs))
    own = study is not None and chosen == study.metric
    if better is None:
        better = study.better if study and own else better_of(chosen)
    origin = {} if target is None else {"target_source": "as asked"}
    if target is None and study and own and study.target is not None:
        target, origin = study.target, {"target_source": "the study's"}
    known = any(chosen in run.curves for run in runs)
    notes = [] if known or not chosen else [f"No run has measured {chosen} yet."]
    variants = make_variants(runs, study)
    return ReportInputs(
        runs, variants, chosen if known else "", better, target, study=study, notes=notes, **origin
    )


def build_content(inputs: ReportInputs) -> Content:
    """Everything that a report says about its inputs."""
    statistics, statistics_note = make_statistics(inputs)
    pictures, about_pictures = make_pictures(inputs.variants)
    environment, about_environment = make_environment(inputs.runs)
    return Content(
        title=inputs.study.title if inputs.study else "Runs compared",
        lead=_lead(inputs),
        created=datetime.now().astimezone().isoformat(timespec="seconds"),
        notes=[*make_notes(inputs), *about_environment, *about_pictures],
        claims=make_claims(inputs),
        claims_note=MEANING if inputs.study and inputs.study.claims else "",
        variants=describe_variants(inputs.variants),
        metrics=make_metrics(inputs),
        results=make_results(inputs),
        statistics=statistics,
        statistics_note=statistics_note,
        pairs=make_pairs(inputs),
        pictures=pictures,
        runs=_lines(inputs),
        common=common_overrides(inputs.runs),
        environment=environment,
        commands=make_commands(inputs.runs),
    )


def _lead(inputs: ReportInputs) -> str:
    runs, variants = len(inputs.runs), len(inputs.variants)
    folders = dict.fromkeys(
        str(run.folder.parent if run.folder.name.isdecimal() else run.folder) for run in inputs.runs
    )
    where = ", ".join(list(folders)[:3]) + (", ..." if len(folders) > 3 else "")
    counted = f"{runs} run{'s' * (runs > 1)} of {variants} variant{'s' * (variants > 1)}"
    if inputs.study:
        size = {"tiny": "in miniature", "mini": "in miniature", "paper": "in full length"}
        sizes = dict.fromkeys(str(run.study.get("size") or "") for run in inputs.runs)
        known = " and ".join(size.get(each, f"in size {each}") for each in sizes if each)
        return f"{inputs.study.source}. {counted}{f', {known}' if known else ''}, from {where}."
    return f"{counted}, from {where}."


def _lines(inputs: ReportInputs) -> list[RunLine]:
    return [
        RunLine(
            variant=variant.id,
            seed="" if run.seed is None else str(run.seed),
            state=run.state,
            error=run.error,
            seconds=run.seconds,
            folder=str(run.folder),
        )
        for variant in inputs.variants
        for run in (*variant.selected, *variant.runs.superseded)
    ]

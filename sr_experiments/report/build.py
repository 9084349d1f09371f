"""From runs to what a report says."""

from collections.abc import Sequence
from datetime import datetime

from sr_experiments.report.claims import make_claims
from sr_experiments.report.content import Content, RunLine
from sr_experiments.report.convergence import make_pairs, make_statistics
from sr_experiments.report.lines import better_of, make_metrics
from sr_experiments.report.notes import make_notes
from sr_experiments.report.pictures import make_pictures
from sr_experiments.report.results import make_results
from sr_experiments.report.setting import make_commands, make_environment
from sr_experiments.report.subject import Subject, default_metric, describe_groups, make_groups
from sr_experiments.runs.read import Run
from sr_experiments.studies.configurations import common
from sr_experiments.studies.measures import Better
from sr_experiments.studies.study import Study


def make_subject(
    runs: Sequence[Run],
    study: Study | None = None,
    metric: str | None = None,
    target: float | None = None,
    better: Better | None = None,
) -> Subject:
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
    origin = {} if target is None else {"whence": "as asked"}
    if target is None and study and own and study.target is not None:
        target, origin = study.target, {"whence": "the study's"}
    known = any(chosen in run.curves for run in runs)
    notes = [] if known or not chosen else [f"No run has measured {chosen} yet."]
    groups = make_groups(runs, study)
    return Subject(
        runs, groups, chosen if known else "", better, target, study=study, notes=notes, **origin
    )


def build_content(subject: Subject) -> Content:
    """Everything that a report says about a subject."""
    statistics, statistics_note = make_statistics(subject)
    pictures, about_pictures = make_pictures(subject.groups)
    environment, about_environment = make_environment(subject.runs)
    return Content(
        title=subject.study.title if subject.study else "Runs compared",
        lead=_lead(subject),
        created=datetime.now().astimezone().isoformat(timespec="seconds"),
        notes=[*make_notes(subject), *about_environment, *about_pictures],
        claims=make_claims(subject),
        configurations=describe_groups(subject.groups),
        metrics=make_metrics(subject),
        results=make_results(subject),
        statistics=statistics,
        statistics_note=statistics_note,
        pairs=make_pairs(subject),
        pictures=pictures,
        runs=_lines(subject),
        common=common(subject.runs),
        environment=environment,
        commands=make_commands(subject.runs),
    )


def _lead(subject: Subject) -> str:
    runs, groups = len(subject.runs), len(subject.groups)
    folders = dict.fromkeys(
        str(run.folder.parent if run.folder.name.isdecimal() else run.folder)
        for run in subject.runs
    )
    where = ", ".join(list(folders)[:3]) + (", ..." if len(folders) > 3 else "")
    counted = f"{runs} run{'s' * (runs > 1)} of {groups} configuration{'s' * (groups > 1)}"
    if subject.study:
        size = {"tiny": "in miniature", "mini": "in miniature", "paper": "in full length"}
        sizes = dict.fromkeys(str(run.study.get("size") or "") for run in subject.runs)
        known = " and ".join(size.get(each, f"in size {each}") for each in sizes if each)
        return f"{subject.study.source}. {counted}{f', {known}' if known else ''}, from {where}."
    return f"{counted}, from {where}."


def _lines(subject: Subject) -> list[RunLine]:
    return [
        RunLine(
            configuration=group.id,
            seed="" if run.seed is None else str(run.seed),
            state=run.state,
            error=run.error,
            seconds=run.seconds,
            folder=str(run.folder),
        )
        for group in subject.groups
        for run in (*group.counted, *group.runs.set_aside)
    ]

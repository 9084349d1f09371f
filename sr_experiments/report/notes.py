"""What a reader must know before any figure."""

from collections.abc import Sequence
from textwrap import shorten

from sr_experiments.report.inputs import ReportInputs
from sr_experiments.report.results import protocols
from sr_experiments.runs.metrics_file import SEEN
from sr_experiments.runs.read import Run
from sr_experiments.runs.status import DIVERGED_STATES, State
from sr_experiments.studies.variants import UNKNOWN

_WORDS: dict[State, str] = {
    "diverged": "diverged",
    "dead": "died (no weight had a gradient any more)",
    "failed": "failed",
    "killed": "ended without saying why",
    "timeout": "ran out of time",
    "interrupted": "were interrupted",
    "pruned": "were pruned by a search",
    "unreadable": "cannot be read",
    "running": "are still running",
    "waiting": "have not begun",
}
_NAMED = 5


def make_notes(inputs: ReportInputs) -> list[str]:
    """Runs without a result, by what became of them; repeated seeds; what else is uneven."""
    notes = [
        _of_state(inputs, state)
        for state in _WORDS
        if any(run.state == state for run in inputs.runs)
    ]
    if not any(run.state == "finished" for run in inputs.runs):
        notes.insert(0, "No run has finished.")
    notes += [
        _repeated(variant.name, variant.runs.superseded)
        for variant in inputs.variants
        if variant.runs.superseded
    ]
    notes += _uneven(inputs)
    remarks = {remark: run for run in reversed(inputs.runs) for remark in run.notes}
    for remark, run in remarks.items():
        count = sum(remark in each.notes for each in inputs.runs)
        more = f" (and {count - 1} more)" if count > 1 else ""
        notes.append(f"{run.folder}{more}: {remark}.")
    return notes + inputs.notes


def _of_state(inputs: ReportInputs, state: State) -> str:
    runs = [run for run in inputs.runs if run.state == state]
    kind = ", which counts against their variants" if state in DIVERGED_STATES else ""
    named = [_named(inputs, run) for run in runs[:_NAMED]]
    more = f"; and {len(runs) - _NAMED} more" if len(runs) > _NAMED else ""
    head = f"{len(runs)} of {len(inputs.runs)} runs {_verb(state, len(runs))}{kind}"
    return f"{head}: {'; '.join(named)}{more}."


def _verb(state: State, count: int) -> str:
    words = _WORDS[state]
    for many, one in (("were ", "was "), ("are ", "is "), ("have ", "has ")):
        if count == 1 and words.startswith(many):
            return one + words.removeprefix(many)
    return words


def _named(inputs: ReportInputs, run: Run) -> str:
    name = next(
        (g.name for g in inputs.variants if _among(run, g.selected + g.runs.superseded)), UNKNOWN
    )
    seed = f" seed {run.seed}" if run.seed is not None else ""
    why = shorten(run.error.strip().rstrip("."), 160, placeholder=" …")
    return f"{name}{seed} in {run.folder}" + (f" ({why})" if why else "")


def _repeated(name: str, aside: Sequence[Run]) -> str:
    seeds = ", ".join(dict.fromkeys(str(run.seed) for run in aside))
    where = "; ".join(f"{run.folder} ({run.state})" for run in aside[:_NAMED])
    more = f"; and {len(aside) - _NAMED} more" if len(aside) > _NAMED else ""
    return (
        f"{name} ran more than once with seed {seeds}; the newest finished run counts, not "
        f"{where}{more}."
    )


def _uneven(inputs: ReportInputs) -> list[str]:
    notes = []
    different = sorted(protocols(inputs.runs))
    if len(different) > 1:
        notes.append(
            f"Runs are scored by different protocols ({', '.join(different)}): their scores differ "
            "for that alone."
        )
    if any(run.metrics.get(SEEN) for run in inputs.runs):
        notes.append(
            "Test images were scored during training too: what was chosen by a score of "
            "validation was chosen on what it is tested on."
        )
    counts = {variant.name: len(variant.finished) for variant in inputs.variants}
    if len(set(counts.values())) > 1:
        few = [f"{name} {count}" for name, count in counts.items() if count < max(counts.values())]
        shown = ", ".join(few[:_NAMED]) + (", ..." if len(few) > _NAMED else "")
        notes.append(f"Variants have up to {max(counts.values())} finished runs, but {shown}.")
    elif set(counts.values()) == {1} and len(counts) > 1:
        notes.append("Each variant has one finished run: differences may be chance.")
    return notes


def _among(run: Run, runs: Sequence[Run]) -> bool:
    return any(run is each for each in runs)

"""In which order jobs are started, and what is said beforehand about the time they will take."""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from sr_experiments.errors import ConfigError
from sr_experiments.sweeps.estimate import Estimate, makespan
from sr_experiments.sweeps.job import Job
from sr_experiments.sweeps.settings import Settings
from sr_experiments.terminal import clock


def ordered(
    jobs: Sequence[Job], settings: Settings, estimates: Mapping[int, Estimate]
) -> list[Job]:
    """Orders jobs as they are started; otherwise they stay as they are given.

    Args:
        jobs: those that wait.
        settings: with ``first``, the variants that come before all others, and ``order``.
        estimates: by the numbers of the jobs; with ``order=shortest``, jobs without one are last.

    Raises:
        ConfigError: ``sweep.first`` names a variant that no job has.
    """
    variants = {study_of(job).get("variant") for job in jobs}
    for name in settings.first:
        if jobs and name not in variants:
            known = " ".join(sorted(filter(None, variants))) or "none, as this is no study"
            raise ConfigError(f"sweep.first: there is no variant {name}; valid are {known}")

    def rank(job: Job) -> tuple[int, float]:
        variant = study_of(job).get("variant")
        place = settings.first.index(variant) if variant in settings.first else len(settings.first)
        if settings.order != "shortest":
            return place, 0.0
        return place, estimates[job.number].hours if job.number in estimates else float("inf")

    return sorted(jobs, key=rank)


def plan_table(jobs: Sequence[Job], estimates: Mapping[int, Estimate]) -> Table:
    """A row for each variant: steps, multiply-adds of the whole run, seconds per step, hours."""
    table = Table(title="what the jobs will take")
    for name in ("variant", "jobs", "steps", "multiply-adds", "s/step", "hours each", "hours"):
        table.add_column(name, justify="left" if name == "variant" else "right")
    groups: dict[tuple[str, Estimate | None], int] = {}
    for job in jobs:
        key = _label(job), estimates.get(job.number)
        groups[key] = groups.get(key, 0) + 1
    for (label, found), count in groups.items():
        cells = ["?"] * 5
        if found:
            cells = [f"{found.steps:,}", si(found.steps * found.multiply_adds)]
            cells += [f"{found.seconds:.3g}", f"{found.hours:.2f}", f"{count * found.hours:.2f}"]
        table.add_row(Text(label), str(count), *cells)
    return table


def plan_lines(jobs: Sequence[Job], estimates: Mapping[int, Estimate], at_once: int) -> list[str]:
    """Tells the sum, the end that it leads to, and under what conditions it was measured.

    Args:
        jobs: those that wait, in their order.
        estimates: by the numbers of the jobs.
        at_once: jobs that run side by side.
    """
    known = [estimates[job.number] for job in jobs if job.number in estimates]
    if not known:
        return []
    seconds = [3600 * each.hours for each in known]
    end = makespan(seconds, at_once)
    lines = [
        f"in all {sum(seconds) / 3600:.2f} hours of training, {at_once} at a time: {clock(end)} "
        f"from now, done {when(end)}; scoring comes on top"
    ]
    busiest = max(known, key=lambda each: each.others)
    if not busiest.idle:
        lines.append(
            f"measured while other processes used {busiest.others:.1f} cores; on an idle machine "
            "it takes less"
        )
    return lines


def times(elapsed: float, remaining: float) -> str:
    """Time elapsed, time remaining and when that is over; all in seconds from now."""
    return f"{clock(elapsed)} elapsed, {clock(remaining)} remaining, done {when(remaining)}"


def when(seconds: float) -> str:
    """The time in so many seconds, with the day where that is another one."""
    then = time.localtime(time.time() + seconds)
    today = time.strftime("%x", then) == time.strftime("%x")
    return time.strftime("at %H:%M" if today else "on %a %d %b at %H:%M", then)


def si(number: float) -> str:
    """Three digits and a prefix: 2.14 P."""
    power = min(5, max(0, int(math.log10(max(number, 1)) // 3)))
    return f"{number / 1000**power:.3g} {' kMGTP'[power]}".strip()


def study_of(job: Job) -> Mapping[str, Any]:
    """The study that a job belongs to; empty without one."""
    return job.config.get("study") or {}


def _label(job: Job) -> str:
    variant = study_of(job).get("variant")
    typed = [o for o in job.overrides if not o.startswith(("seed=", "sweep.", "hydra"))]
    return str(variant or " ".join(typed))

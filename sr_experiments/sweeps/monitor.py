"""How a sweep stands: one line, ``sweep.csv``, and the table at the end."""

import csv
import io
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sr_experiments.files import write_whole
from sr_experiments.runs.command import override_values, sync_command
from sr_experiments.runs.metrics_file import SEEN
from sr_experiments.runs.status import State
from sr_experiments.sweeps.estimate import Forecast
from sr_experiments.sweeps.job import Job
from sr_experiments.sweeps.plan import times
from sr_experiments.sweeps.records import Records
from sr_experiments.sweeps.settings import Settings

_WIDTH_OF_FILES = 140
_SECONDS_BETWEEN_LINES = 600.0
_SECONDS_BETWEEN_FORECASTS = 10.0


class SweepMonitor:
    """Shows the jobs of a sweep, and keeps ``sweep.csv`` current.

    Args:
        jobs: all jobs.
        folder: the sweep's folder.
        settings: names the metric that ranks jobs.
    """

    def __init__(self, jobs: Sequence[Job], folder: Path, settings: Settings) -> None:
        self.jobs = jobs
        self.folder = folder
        self.settings = settings
        self.records = Records(folder)
        self.forecast: Forecast | None = None
        self.started = time.monotonic()
        self.printed_at = self.started  # when the last line was printed, where there is no terminal
        self.forecast_at = 0.0
        self.remaining: float | None = None
        self.done_before = {job.number for job in jobs if job.state == "finished"}
        self.columns = _varied(jobs)
        terminal = sys.stdout.isatty()
        self.console = Console(width=None if terminal else _WIDTH_OF_FILES)
        self.live = Live(console=self.console, auto_refresh=False) if terminal else None

    @contextmanager
    def displayed(self, table: bool) -> Iterator[None]:
        """Shows the jobs while the enclosed code runs them, and then, if wanted, the table.

        An interrupted sweep gets its table too.
        """
        known = f", {len(self.done_before)} of them finished before" if self.done_before else ""
        print(f"sweep of {len(self.jobs)} jobs{known} in {self.folder}", flush=True)
        self.write()
        if self.live:
            self.live.start()
        complete = False
        try:
            yield
            complete = True
        finally:
            if self.live:
                self.live.stop()
            self.write()
            self.records.close()
            if table or not complete:
                self.print_table()

    def print_table(self) -> None:
        """Prints all jobs, and where their results lie."""
        self.console.print(self.table())
        if self.chosen_on_tests():
            print(f"note: {self.settings.metric} ranks the jobs by images that they are tested on")
        print(f"sweep folder: {self.folder}", flush=True)
        if command := sync_command(self.folder):
            print(f"upload: {command}", flush=True)

    def changed(self, job: Job) -> None:
        """Records a job's new state."""
        self.write()
        if not self.live:
            self._print(f"{self.line()}  [job {job.number} {job.state}]")

    def tick(self) -> None:
        """Moves the live line; without a terminal prints one now and then."""
        self.records.retry()
        if self.live:
            self.live.update(Text(self.line()), refresh=True)
        elif time.monotonic() > self.printed_at + _SECONDS_BETWEEN_LINES:
            self._print(self.line())

    def line(self) -> str:
        """Counts, the best job so far, the time elapsed and remaining, and when it will be done."""
        counts = Counter(job.state for job in self.jobs)
        settled: tuple[State, ...] = ("finished", "running", "waiting", "pruned")
        bad = len(self.jobs) - sum(counts[state] for state in settled)
        parts = [
            f"{counts['finished']}/{len(self.jobs)} done, {counts['running']} running, "
            f"{counts['waiting']} waiting, {bad} failed"
            + f", {counts['pruned']} pruned"
            * bool(counts["pruned"])
        ]
        best = self.best()
        if best is not None:
            parts.append(f"best {self.settings.metric} {self._value(best):.3f} (job {best.number})")
        remaining = self._seconds_remaining(
            counts["running"] + counts["waiting"], bad + counts["pruned"]
        )
        if remaining is not None:
            parts.append(times(time.monotonic() - self.started, remaining))
        return ", ".join(parts)

    def _seconds_remaining(self, open_jobs: int, ended: int) -> float | None:
        if self.forecast:
            if time.monotonic() > self.forecast_at + _SECONDS_BETWEEN_FORECASTS:
                self.forecast_at = time.monotonic()
                self.remaining = self.forecast.remaining(self.jobs)
            return self.remaining
        new = [j for j in self.jobs if j.state == "finished" and j.number not in self.done_before]
        if not new or not open_jobs:
            return None
        return (time.monotonic() - self.started) / (len(new) + ended) * open_jobs

    def _print(self, line: str) -> None:
        self.printed_at = time.monotonic()
        print(line, flush=True)

    def best(self) -> Job | None:
        """The finished job with the best metric."""
        ranked = [job for job in self.jobs if self.settings.metric in job.metrics]
        ranked = [job for job in ranked if job.state == "finished"]
        sign = 1 if self.settings.mode == "max" else -1
        return max(ranked, key=lambda job: sign * self._value(job), default=None)

    def chosen_on_tests(self) -> bool:
        """Whether jobs are ranked by scores of images that are test images."""
        by_tests = self.settings.metric.startswith("test/")
        return by_tests or any(job.metrics.get(SEEN) for job in self.jobs)

    def write(self) -> None:
        """Writes ``sweep.csv`` or, where the disk is full, has that done later."""
        self.records.keep(self.folder / "sweep.csv", self._write)

    def _write(self) -> None:
        """A row per job."""
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        metric = self.settings.metric
        rows.writerow(["job", *self.columns, "state", metric, "minutes", "attempts", "error"])
        for job in self.jobs:
            own = [override_values(job.overrides).get(column, "") for column in self.columns]
            value = job.metrics.get(metric, "")
            minutes = f"{job.seconds / 60:.2f}"
            rows.writerow([job.number, *own, job.state, value, minutes, job.attempts, job.error])
        write_whole(self.folder / "sweep.csv", text.getvalue())

    def table(self) -> Table:
        """A row per job, the best one in bold."""
        table = Table(title=f"sweep of {len(self.jobs)} jobs")
        for name in ("job", "overrides", "state", self.settings.metric, "minutes"):
            table.add_column(name, justify="left" if name in ("overrides", "state") else "right")
        best = self.best()
        for job in self.jobs:
            own = override_values(job.overrides)
            typed = " ".join(f"{key}={_short(own[key])}" for key in self.columns if key in own)
            state = job.state if job.state == "finished" else f"{job.state}: {job.error}"
            value = f"{self._value(job):.3f}" if self.settings.metric in job.metrics else "-"
            cells = (str(job.number), typed, state, value, f"{job.seconds / 60:.1f}")
            # Text, since a user's brackets are no markup.
            table.add_row(*map(Text, cells), style="bold" if job is best else None)
        return table

    def _value(self, job: Job) -> float:
        return job.metrics[self.settings.metric]


def _varied(jobs: Sequence[Job]) -> list[str]:
    """Keys in which the jobs differ; all of them if there is only one job."""
    all_values = [override_values(job.overrides) for job in jobs]
    keys = dict.fromkeys(key for own in all_values for key in own)
    if len(jobs) == 1:
        return list(keys)
    return [key for key in keys if len({own.get(key) for own in all_values}) > 1]


def _short(value: str) -> str:
    """A number of many digits with four of them."""
    if len(value) <= 8:
        return value
    try:
        return f"{float(value):.4g}"
    except ValueError:
        return value

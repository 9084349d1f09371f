"""Follows jobs that SLURM runs, through submitit's files and ``squeue``."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from sr_experiments.errors import ConfigError
from sr_experiments.files import write_whole
from sr_experiments.runs.status import JOB_LOG, State, read_status
from sr_experiments.sweeps.job import Job
from sr_experiments.sweeps.sweep import Batch

_RECORD = ".slurm_jobs"
# squeue and the shared file system may see the end of a job at different times.
_GRACE_SECONDS = 10.0
_STATES: dict[str, State] = {
    "RUNNING": "running",
    "COMPLETING": "running",
    "CONFIGURING": "waiting",
}


class Handle(Protocol):
    """What is needed of submitit's jobs."""

    @property
    def job_id(self) -> str:
        """The cluster's name for the job."""

    @property
    def paths(self) -> Any:
        """Where the job's files lie."""

    def cancel(self, check: bool = True) -> None:
        """Takes the job off the cluster."""

    def results(self) -> list[Any]:
        """What the ranks returned; only read once the file is there."""


class SlurmRunner:
    """Submits the waiting jobs of a batch and reports on them until all have ended.

    Args:
        batch: the jobs.
        submit: hands jobs over to the cluster.
        attach: finds a job that an earlier sweep has handed over.
        poll_seconds: time between two looks at the queue.
    """

    def __init__(
        self,
        batch: Batch,
        submit: Callable[[Sequence[Job]], Sequence[Handle]],
        attach: Callable[[str], Handle],
        poll_seconds: float,
    ) -> None:
        self.batch = batch
        self.submit = submit
        self.attach = attach
        self.poll_seconds = poll_seconds
        self.record = batch.folder / _RECORD
        self.handles: dict[int, Handle] = {}
        self.missed_since: dict[int, float] = {}  # when a job was first missed
        self.started: dict[int, float] = {}

    def run(self) -> None:
        """Returns when no job is left.

        Raises:
            ConfigError: there is no SLURM.
            KeyboardInterrupt: it was interrupted; the jobs were cancelled.
        """
        waiting = [job for job in self.batch.jobs if job.state == "waiting"]
        try:
            self._hand_over(waiting)
            while self.handles:
                time.sleep(self.poll_seconds)
                queue = read_queue()
                for job in waiting:
                    if job.number in self.handles and queue is not None:
                        self._look_at(job, queue.get(self.handles[job.number].job_id))
                self.batch.monitor.tick()
        except KeyboardInterrupt:
            self._cancel([job for job in waiting if job.number in self.handles])
            raise

    def _hand_over(self, waiting: Sequence[Job]) -> None:
        """Finds the jobs that still are on the cluster, and submits the others."""
        known, queue = self._known(), read_queue()
        if queue is None:
            raise ConfigError(
                "hydra/launcher=slurm: squeue does not answer; start the sweep where SLURM is "
                "installed, or use hydra/launcher=process"
            )
        for job in waiting:
            if known.get(job.number) in queue:
                self.handles[job.number] = self.attach(known[job.number])
        self._submit([job for job in waiting if job.number not in self.handles])

    def _submit(self, jobs: Sequence[Job]) -> None:
        if not jobs:
            return
        for job, handle in zip(jobs, self.submit(jobs), strict=True):
            job.attempts += 1
            job.state = "waiting"
            self.handles[job.number] = handle
            self.missed_since.pop(job.number, None)
        self.batch.monitor.records.keep(self.record, self._remember)

    def _remember(self) -> None:
        known = self._known() | {n: h.job_id for n, h in self.handles.items()}
        write_whole(self.record, "".join(f"{n} {i}\n" for n, i in sorted(known.items())))

    def _known(self) -> dict[int, str]:
        if not self.record.is_file():
            return {}
        lines = self.record.read_text(encoding="utf-8").splitlines()
        return {int(number): name for number, name in (line.split() for line in lines)}

    def _look_at(self, job: Job, seen: str | None) -> None:
        handle = self.handles[job.number]
        ended = handle.paths.result_pickle.is_file()
        if not ended and seen is not None:
            self.missed_since.pop(job.number, None)
            state = _STATES.get(seen, "waiting")
            if state != job.state:
                job.state = state
                self.started.setdefault(job.number, time.monotonic())
                self._link_log(job, handle)
                self.batch.monitor.changed(job)
            return
        missed = self.missed_since.setdefault(job.number, time.monotonic())
        if not ended and time.monotonic() - missed < _GRACE_SECONDS:
            return
        del self.handles[job.number]
        self._conclude(job, handle, ended)

    def _conclude(self, job: Job, handle: Handle, ended: bool) -> None:
        job.seconds = time.monotonic() - self.started.get(job.number, time.monotonic())
        if ended:
            job.end("failed", _returned_error(handle))
        else:
            job.end("killed", _fate(handle.job_id))
        if job.state != "finished":
            self._link_log(job, handle)
            self.batch.monitor.records.end(job)
            if job.attempts <= self.batch.settings.retries:
                self._submit([job])  # it looks there from where to continue
        self.batch.monitor.changed(job)

    def _cancel(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self.handles[job.number].cancel(check=False)
        for job in jobs:
            job.end("interrupted", "the sweep was interrupted")
            if read_status(job.folder):
                self.batch.monitor.records.end(job)

    @staticmethod
    def _link_log(job: Job, handle: Handle) -> None:
        """``job.log`` of the run folder is what the cluster has caught."""
        path = job.folder / JOB_LOG
        target = Path(handle.paths.stdout)
        if target.is_file():
            job.folder.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):
                path.unlink(missing_ok=True)
                path.symlink_to(os.path.relpath(target, job.folder))


def asks_for_no_gpu(jobs: Sequence[Job], params: Mapping[str, Any]) -> bool:
    """Whether jobs would take a GPU if there was one, and nothing asks the cluster for one.

    Args:
        jobs: all of them.
        params: the launcher's, among them the user's own options of ``sbatch``.
    """
    asked = any(word in str(params).lower() for word in ("gpu", "gres"))
    return not asked and any(job.config["device"]["accelerator"] == "auto" for job in jobs)


def read_queue() -> Mapping[str, str] | None:
    """States of this user's jobs by their ids; None while the controller does not answer."""
    command = ["squeue", "--noheader", "--array", "--me", "--format=%i|%T"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if found.returncode:
        return None
    return dict(line.split("|", 1) for line in found.stdout.split())


def _fate(job_id: str) -> str:
    """Why a job that left the queue has no result, as far as the controller still knows."""
    command = ["scontrol", "--oneliner", "show", "job", job_id]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        found = None
    state = re.search(r"\bJobState=(\S+)", found.stdout) if found else None
    return f"ended by the cluster: {state.group(1) if state else 'unknown reason'}"


def _returned_error(handle: Handle) -> str:
    try:
        outcome = handle.results()[0]
        value = getattr(outcome, "_return_value", outcome)
    except Exception as error:  # whatever the job has raised
        value = error
    return str(value).strip().splitlines()[-1] if str(value).strip() else type(value).__name__

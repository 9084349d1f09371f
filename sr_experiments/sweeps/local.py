"""Runs jobs as processes, as many at a time as there are slots for."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from omegaconf import DictConfig

from sr_experiments.errors import ConfigError
from sr_experiments.runs.checkpoints import resume_point
from sr_experiments.runs.status import JOB_LOG
from sr_experiments.sweeps.child import Child, exit_reason
from sr_experiments.sweeps.command import job_command, job_environment
from sr_experiments.sweeps.edits import Edits
from sr_experiments.sweeps.estimate import (
    STEP_TIME,
    Estimate,
    Forecast,
    MeasureError,
    estimate,
    run_measurement,
)
from sr_experiments.sweeps.job import Job
from sr_experiments.sweeps.plan import ordered, plan_lines, plan_table, study_of
from sr_experiments.sweeps.slots import DeviceLocks, Kind, Slots, gpus, processors, required_slots
from sr_experiments.sweeps.sweep import Batch

_POLL_SECONDS = 0.05
_SECONDS_TO_STOP = 20.0  # for the end of a step, and a checkpoint


@dataclass
class _Running:
    job: Job
    child: Child
    kind: Kind
    devices: list[str]
    stop_sent: float | None = None  # when it was asked to stop: its time was over, or it is pruned
    pruned: str | None = None  # why


class LocalRunner:
    """Works off the jobs that wait.

    Args:
        batch: the jobs; those whose state is not "waiting" are left alone.
        master: the sweep's configuration.
        prune: says why a running job shall end, as one of a search that falls behind.

    Raises:
        ConfigError: a job asks for devices that cannot be handed out.
    """

    def __init__(
        self,
        batch: Batch,
        master: DictConfig,
        prune: Callable[[Job], str | None] | None = None,
    ) -> None:
        self.prune = prune
        names = gpus()
        waiting = [job for job in batch.jobs if job.state == "waiting"]
        self.needs = {
            job.number: required_slots(job.config["device"], len(names)) for job in waiting
        }
        # The largest first: what is small fills the gaps that they leave.
        self.waiting = sorted(waiting, key=lambda job: -self.needs[job.number][1])
        self.estimates: dict[int, Estimate] = {}
        self.measured: dict[str, Any] = {}  # answers, by what they depend on
        self.running: list[_Running] = []
        self.master = master
        self.settings = settings = batch.settings
        self.monitor = batch.monitor
        self.lock = batch.lock
        self.edits = Edits(batch.jobs, master.hydra)
        cores, wanted = processors(), sum(n for kind, n in self.needs.values() if kind == "cpu")
        auto = settings.slots == "auto"
        at_once = max(1, min(cores, wanted)) if auto else int(settings.slots)
        self.slots: dict[Kind, Slots] = {"cpu": Slots([str(i) for i in range(at_once)], at_once)}
        gpu_names = names or ["0"]  # without one, the job itself says what is missing
        self.slots["gpu"] = Slots(
            gpu_names, len(gpu_names) if auto else int(settings.slots), DeviceLocks(gpu_names)
        )
        self.waiting_told = False
        self.threads = {kind: cores // slots.size for kind, slots in self.slots.items()}

    def plan(self) -> None:
        """Orders the jobs; says what they will take, where that was asked for or takes long.

        Raises:
            ConfigError: ``sweep.first`` names no variant of a job, or the jobs are no trainings.
        """
        settings, jobs = self.settings, self.waiting
        asked = settings.estimate or settings.order == "shortest"
        if asked and self.master.hydra.job.config_name != "train":
            raise ConfigError("sweep.estimate, sweep.order=shortest: only trainings are measured")
        long = any(study_of(job).get("size") == "paper" for job in jobs)
        if jobs and (long or asked):
            for job in jobs:
                self._estimate(job)
            kind, processes = self.needs[jobs[0].number]
            at_once = max(1, self.slots[kind].size // processes)
            self.waiting = ordered(jobs, settings, self.estimates)
            self.monitor.forecast = Forecast(self.estimates, at_once)
            self.monitor.console.print(plan_table(self.waiting, self.estimates))
            print("\n".join(plan_lines(self.waiting, self.estimates, at_once)), flush=True)
        else:
            self.waiting = ordered(jobs, settings, {})

    def _estimate(self, job: Job) -> None:
        kind, processes = self.needs[job.number]
        devices = self.slots[kind].acquire(processes)
        try:
            if devices is None:
                raise MeasureError("other sweeps use its devices")
            environment = job_environment(devices, kind == "gpu", self.threads[kind])
            with TemporaryDirectory() as folder:
                elsewhere = replace(job, folder=Path(folder, "run"), checkpoint=None)
                command = job_command(elsewhere, self.master, processes, STEP_TIME)
                self.estimates[job.number] = estimate(
                    job,
                    environment["OMP_NUM_THREADS"],
                    lambda: run_measurement(command, environment),
                    self.measured,
                )
        except MeasureError as error:
            print(f"job {job.number}: cannot be measured: {error}", flush=True)
        finally:
            self.slots[kind].release(devices or [])

    def run(self) -> None:
        """Returns when no job waits or runs.

        Raises:
            KeyboardInterrupt: it was interrupted; all jobs have been stopped and marked.
        """
        try:
            while self.waiting or self.running:
                self._start_what_fits()
                self._say_what_is_awaited()
                time.sleep(_POLL_SECONDS)
                for running in list(self.running):
                    self._look_at(running)
                self.monitor.tick()
        except KeyboardInterrupt:
            self._stop_all()
            raise
        except BaseException:
            self._kill_all()
            raise

    def _start_what_fits(self) -> None:
        for job in list(self.waiting):
            kind, processes = self.needs[job.number]
            devices = self.slots[kind].acquire(processes)
            if devices is None:
                continue
            self.waiting.remove(job)
            job.state, job.error, job.attempts = "running", "", job.attempts + 1
            command = job_command(job, self.master, processes)
            environment = job_environment(devices, kind == "gpu", self.threads[kind])
            environment |= job.surroundings
            if remark := self.edits.remark():
                print(f"{remark} (from job {job.number} on)", flush=True)
            try:
                child = Child(command, environment, job.folder / JOB_LOG, self.lock)
            except OSError as error:  # the others go on
                self.slots[kind].release(devices)
                job.state, job.error = "failed", f"cannot be started: {error}"
                self.monitor.records.end(job)
            else:
                self.running.append(_Running(job, child, kind, devices))
            self.monitor.changed(job)

    def _say_what_is_awaited(self) -> None:
        if not self.running and not self.waiting_told:
            self.waiting_told = True
            names = ", ".join(self.slots["gpu"].devices)
            print(f"waiting for GPUs (of {names}) that another sweep on this machine uses")

    def _look_at(self, running: _Running) -> None:
        job, child = running.job, running.child
        status = child.poll()
        limit = (self.settings.timeout or float("inf")) * 60
        if status is None:
            if running.stop_sent is None:
                running.pruned = self.prune(job) if self.prune else None
                if running.pruned or child.seconds > limit:
                    running.stop_sent = child.seconds
                    child.send(signal.SIGTERM)
            elif running.stop_sent and child.seconds > running.stop_sent + _SECONDS_TO_STOP:
                child.send(signal.SIGKILL)
            return
        self.running.remove(running)
        self.slots[running.kind].release(running.devices)
        job.seconds += child.seconds
        if running.pruned:
            job.end("pruned", running.pruned)
        elif running.stop_sent is not None:
            job.end("timeout", f"no end after {self.settings.timeout:g} minutes")
        else:
            job.end(*exit_reason(job.folder, status))
        if job.state != "finished":
            self.monitor.records.end(job)
            if job.state != "pruned" and job.attempts <= self.settings.retries:
                job.state, job.checkpoint = "waiting", resume_point(job.folder).checkpoint
                self.waiting.append(job)
        self.monitor.changed(job)

    def _stop_all(self) -> None:
        """Asks all jobs to stop; after a while, or at a second interrupt, kills them."""
        print("\nstopping the jobs; once more to kill them", flush=True)
        try:
            for running in self.running:
                running.child.send(signal.SIGINT)
            end = time.monotonic() + _SECONDS_TO_STOP
            for running in self.running:
                running.child.wait(max(0.0, end - time.monotonic()))
        except KeyboardInterrupt:
            pass
        self._kill_all()
        for running in self.running:
            job = running.job
            job.seconds += running.child.seconds
            job.end("interrupted", "the sweep was interrupted")
            self.monitor.records.end(job)
        self.running.clear()

    def _kill_all(self) -> None:
        for running in self.running:
            running.child.send(signal.SIGKILL)
        for running in self.running:
            running.child.wait(_SECONDS_TO_STOP)

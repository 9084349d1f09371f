"""What a job will take, from a short measurement, and when all jobs of a sweep will be done."""

import hashlib
import heapq
import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sr_experiments.files import write_whole
from sr_experiments.runs.metrics_file import steps_done
from sr_experiments.sweeps.job import Job

#: What measures: see there for the line that it prints.
STEP_TIME = ("-m", "sr_experiments.cli.step_time")
# Of the configuration, what a step's time depends on; rates, seeds and test sets do not change it.
_NETWORK = ("model", "loss", "device", "callbacks.ema", "optim._target_", "degradation._target_")
_BATCHES = ("data.batch_size", "patches", "trainer.accumulate_grad_batches")
_EPOCHS = ("data.train", "data.train_scales", "data.held_out", "data.patches_per_epoch")
_IDLE = 0.2  # cores that others may use while a machine counts as idle


@dataclass(frozen=True)
class Estimate:
    """What a job will take.

    Attributes:
        steps: of the whole run.
        seconds: of one step.
        multiply_adds: of one step, forward and backward.
        others: cores that other processes used while it was measured.
    """

    steps: int
    seconds: float
    multiply_adds: int
    others: float

    @property
    def hours(self) -> float:
        """Of training, without scoring."""
        return self.steps * self.seconds / 3600

    @property
    def idle(self) -> bool:
        """Whether the machine had nothing else to do."""
        return self.others <= _IDLE


def estimate(
    job: Job, threads: str, measure: Callable[[], Mapping[str, Any]], known: dict[str, Any]
) -> Estimate:
    """What a job will take: by an earlier measurement on this machine, or by a new one.

    What was measured beside other work is kept for this sweep alone.

    Args:
        job: the job.
        threads: of its processes, as OMP_NUM_THREADS.
        measure: the answer of ``STEP_TIME`` for this job.
        known: the answers of this sweep so far, or why there is none; a new one is added.

    Raises:
        MeasureError: it could not be measured.
    """
    trainer, key = job.config["trainer"], json.dumps(_key(job.config, threads), sort_keys=True)
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    path = Path(job.config["data"]["cache"]).expanduser() / "step_times" / f"{name}.json"
    if name not in known:
        known[name] = _read(path)
    if known[name] is None:
        try:
            known[name] = {**measure(), "of": json.loads(key)}
        except MeasureError as error:
            known[name] = error
        else:
            if known[name]["others"] <= _IDLE:
                write_whole(path, json.dumps(known[name], indent=1) + "\n")
    answer = known[name]
    if isinstance(answer, MeasureError):
        raise answer
    per_epoch = job.config["data"].get("steps_per_epoch") or answer["steps_per_epoch"]
    steps = planned_steps(trainer, per_epoch)
    return Estimate(steps, answer["seconds"], answer["multiply_adds"], answer["others"])


class MeasureError(Exception):
    """A job cannot be measured; the job itself will say more."""


def run_measurement(command: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """The answer of ``STEP_TIME``.

    Raises:
        MeasureError: it failed; with its last line.
    """
    package = str(Path(__file__).parents[2])
    paths = [package, *filter(None, [environment.get("PYTHONPATH")])]
    own = {**environment, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(command, env=own, capture_output=True, text=True, check=False)
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("{"):
            return dict(json.loads(line))
    said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    raise MeasureError(said[-1].removeprefix("error: "))


def processor_name() -> str:
    """The processor's name, as "AMD EPYC 9554"."""
    return processor_info("model name") or platform.processor() or platform.machine()


def processor_info(key: str) -> str:
    """What ``/proc/cpuinfo`` says of the first processor, as its "flags"; empty without it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    found = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in found if name.strip() == key), "")


def processor_has_bf16() -> bool:
    """Whether the processor has instructions for bfloat16."""
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(processor_info("flags").split())


def planned_steps(trainer: Mapping[str, Any], per_epoch: int) -> int:
    """Steps of a whole run by ``trainer.max_epochs`` and ``max_steps``; 0 where neither ends it."""
    limits = [per_epoch * n for n in [trainer.get("max_epochs")] if n and n > 0]
    limits += [n for n in [trainer.get("max_steps")] if n and n > 0]
    return min(limits, default=0)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _key(config: Mapping[str, Any], threads: str) -> dict[str, Any]:
    fixed = config["data"].get("steps_per_epoch") or config["patches"].get("steps_per_epoch")
    names = [*_NETWORK, *_BATCHES, *(() if fixed else _EPOCHS)]
    chosen = {name: value for name in names for value in _value(config, name)}
    return {**chosen, "machine": [platform.node(), processor_name(), threads, version("torch")]}


def _value(config: Any, name: str) -> Iterator[Any]:
    for part in name.split("."):
        if not isinstance(config, Mapping) or part not in config:
            return
        config = config[part]
    yield config


_LEAST_SECONDS = 60.0  # that a job runs before its own pace counts


class Forecast:
    """Foretells the end from the estimates, and from the pace of the jobs once they run.

    Args:
        estimates: by the numbers of the jobs; jobs without one are left out of the sum.
        at_once: jobs that run side by side.
    """

    def __init__(self, estimates: Mapping[int, Estimate], at_once: int) -> None:
        self.estimates = estimates
        self.at_once = at_once
        self.seen: dict[int, tuple[float, int]] = {}  # when a job was first seen, at which step
        self.pace: dict[int, float] = {}  # seconds per step, of jobs that have run

    def remaining(self, jobs: Sequence[Job]) -> float | None:
        """Seconds until the last of these jobs is done; None where nothing is known of them."""
        open_jobs = [job for job in jobs if job.state in ("running", "waiting")]
        known = [job for job in open_jobs if job.number in self.estimates]
        if not known:
            return None
        for job in known:
            if job.state == "running":
                self._look_at(job)
        # The machine may be slower than when it was measured, for all jobs alike.
        ratios = [pace / self.estimates[n].seconds for n, pace in self.pace.items()]
        slower = sum(ratios) / len(ratios) if ratios else 1.0
        seconds = []
        for job in sorted(known, key=lambda job: job.state != "running"):
            own = self.estimates[job.number]
            pace = self.pace.get(job.number, own.seconds * slower)
            seconds.append(max(0, own.steps - steps_done(job.folder)) * pace)
        return makespan(seconds, self.at_once)

    def _look_at(self, job: Job) -> None:
        now, step = time.monotonic(), steps_done(job.folder)
        since, first = self.seen.setdefault(job.number, (now, step))
        if step > first and now > since + _LEAST_SECONDS:
            self.pace[job.number] = (now - since) / (step - first)


def makespan(seconds: Sequence[float], at_once: int) -> float:
    """Seconds until all jobs are done, each begun in this order as soon as there is room."""
    ends = [0.0] * at_once
    for each in seconds:
        heapq.heapreplace(ends, ends[0] + each)
    return max(ends)

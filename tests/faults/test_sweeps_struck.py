"""Signals at random moments of a sweep of real trainings and of one of quick jobs."""

import csv
import signal
import time
from pathlib import Path

import pytest

from tests.faults.conftest import MOMENTS, TINY
from tests.faults.runs import same_end, state_of
from tests.sweeps import quick_job
from tests.sweeps.sweep_commands import ROOT, Sweeps

pytestmark = pytest.mark.slow

QUICK = ROOT / "tests" / "sweeps" / "quick_job.py"
JOBS = 3
SWEEPS = max(1, MOMENTS // 2)
SIGNALS = [
    (signal.SIGKILL, "kill -9 of a sweep"),
    (signal.SIGTERM, "SIGTERM to a sweep"),
    (signal.SIGINT, "Ctrl-C in a sweep"),
]


def no_orphans(sweeps: Sweeps, seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while sweeps.processes():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def finishes(folder: Path) -> list[int]:
    """How often each job of a sweep of quick jobs came to its end."""
    return [quick_job.finishes(folder / str(job)) for job in range(JOBS)]


@pytest.mark.parametrize(("number", "fault"), SIGNALS)
def test_a_sweep_struck_at_any_moment_does_each_job_once(
    number: int, fault: str, record, moments, tmp_path: Path
) -> None:
    line = record(fault)
    for i in range(SWEEPS):
        sweeps = Sweeps(tmp_path / str(i))
        sweeps.folder.mkdir()
        command = ("-m", "tags=[sleep:0.2]", f"seed=range({JOBS})", "hydra.sweep.dir=s")
        begin = time.monotonic()
        process = sweeps.start(QUICK, *command)
        folder = sweeps.folder / "s"
        while not (folder / "0" / "starts").exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 2 * (time.monotonic() - begin)))
        process.send_signal(number)
        process.communicate(timeout=120)
        detected = no_orphans(sweeps)
        before = finishes(folder)
        status, _ = sweeps.run(QUICK, *command)
        after = finishes(folder)
        lost = sum(b and a != b for b, a in zip(before, after, strict=True))
        with (folder / "sweep.csv").open() as file:
            states = [row["state"] for row in csv.DictReader(file)]
        survived = status == 0 and after == [1] * JOBS and states == ["finished"] * JOBS
        line.add(detected, survived, lost)


@pytest.mark.long
def test_a_killed_sweep_of_trainings_gives_the_numbers_of_an_undisturbed_one(
    record, moments, undisturbed, tmp_path: Path
) -> None:
    line = record("kill -9 of a sweep of trainings")
    through = [undisturbed(), undisturbed("seed=1")]
    # One after the other: it strikes a first job or a second one.
    overrides = ("-m", *TINY, "seed=0,1", "callbacks.last.every_minutes=0.005", "sweep.slots=1")
    sweeps = Sweeps(tmp_path)
    for i in range(max(1, MOMENTS // 10)):
        folder = tmp_path / f"s{i}"
        process = sweeps.start(ROOT / "train.py", *overrides, f"hydra.sweep.dir={folder}")
        begin, marks = time.monotonic(), [folder / str(job) / "status.json" for job in range(2)]
        while not marks[0].exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 1.5) * (time.monotonic() - begin))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=120)
        detected = no_orphans(sweeps)
        done = [mark for mark in marks if state_of(mark.parent) == "finished"]
        times = [mark.stat().st_mtime for mark in done]
        status, output = sweeps.train(*overrides, f"hydra.sweep.dir={folder}")
        assert status == 0, output
        kept = [mark.stat().st_mtime for mark in done]
        ends = [same_end(folder / str(job), through[job]) for job in range(2)]
        line.add(detected, all(ends), sum(a != b for a, b in zip(times, kept, strict=True)))

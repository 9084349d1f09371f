"""Signals at random moments of a sweep of real trainings and of one of quick jobs."""

import csv
import signal
import time
from pathlib import Path

import pytest

from tests.faults.conftest import MOMENTS, TINY
from tests.faults.runs import same_end, state_of
from tests.sweeps.sweep_commands import ROOT, Sweeps

pytestmark = pytest.mark.slow

QUICK = ROOT / "tests" / "sweeps" / "quick_job.py"
JOBS = 6
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
    files = [folder / str(job) / "finishes" for job in range(JOBS)]
    return [len(f.read_text().splitlines()) if f.exists() else 0 for f in files]


@pytest.mark.parametrize(("number", "fault"), SIGNALS)
def test_a_sweep_struck_at_any_moment_does_each_job_once(
    number: int, fault: str, record, moments, tmp_path: Path
) -> None:
    line = record(fault)
    for i in range(MOMENTS):
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


def test_a_killed_sweep_of_trainings_gives_the_numbers_of_an_undisturbed_one(
    record, moments, tmp_path: Path
) -> None:
    line = record("kill -9 of a sweep of trainings")
    overrides = ("-m", *TINY, "seed=0,1,2", "callbacks.last.every_minutes=0.005")
    sweeps = Sweeps(tmp_path)
    begin = time.monotonic()
    status, output = sweeps.train(*overrides, "hydra.sweep.dir=through")
    assert status == 0, output
    duration = time.monotonic() - begin
    for i in range(max(1, MOMENTS // 10)):
        process = sweeps.start(ROOT / "train.py", *overrides, f"hydra.sweep.dir=s{i}")
        time.sleep(moments.uniform(0.3, 0.9) * duration)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=120)
        detected = no_orphans(sweeps)
        finished = [state_of(tmp_path / f"s{i}" / str(job)) == "finished" for job in range(3)]
        marks = [(tmp_path / f"s{i}" / str(job) / "status.json") for job in range(3)]
        times = [mark.stat().st_mtime for mark, done in zip(marks, finished, strict=True) if done]
        status, output = sweeps.train(*overrides, f"hydra.sweep.dir=s{i}")
        kept = [mark.stat().st_mtime for mark, done in zip(marks, finished, strict=True) if done]
        ends = [
            same_end(tmp_path / f"s{i}" / str(job), tmp_path / "through" / str(job))
            for job in range(3)
        ]
        line.add(
            detected,
            status == 0 and all(ends),
            lost=sum(a != b for a, b in zip(times, kept, strict=True)),
        )

"""What jobs will take: measured once, said beforehand, and corrected by how they get on."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sr_experiments.errors import ConfigError
from sr_experiments.sweeps import estimate as estimates
from sr_experiments.sweeps.estimate import (
    Estimate,
    Forecast,
    MeasureError,
    estimate,
    makespan,
    steps_done,
)
from sr_experiments.sweeps.job import Job
from sr_experiments.sweeps.monitor import SweepMonitor
from sr_experiments.sweeps.plan import ordered, plan_lines, plan_table, si, when
from sr_experiments.sweeps.settings import Settings
from sr_experiments.terminal import clock
from tests.cli.conftest import TINY

ROOT = Path(__file__).parents[2]
ANSWER = {"seconds": 0.5, "multiply_adds": 10, "others": 0.0, "steps_per_epoch": 30}


def job(folder: Path, number: int = 0, variant: str = "a", **changes: Any) -> Job:
    config: dict[str, Any] = {
        "model": {"depth": 3},
        "optim": {"_target_": "adam", "lr": 0.1},
        "patches": {"size": 8, "steps_per_epoch": None},
        "data": {"cache": str(folder / "cache"), "steps_per_epoch": None, "train": ["T91"]},
        "trainer": {"max_epochs": 4, "max_steps": -1},
        "study": {"variant": variant},
        "seed": number,
    }
    for key, value in changes.items():
        group, _, name = key.partition("__")
        config[group] = {**config[group], name: value}
    return Job(number, [f"study.variant={variant}", f"seed={number}"], folder / str(number), config)


class Counted:
    def __init__(self, **changes: Any) -> None:
        self.answer: Mapping[str, Any] = {**ANSWER, **changes}
        self.calls = 0

    def __call__(self) -> Mapping[str, Any]:
        self.calls += 1
        return self.answer


def test_a_network_is_measured_once_on_a_machine(tmp_path: Path):
    measure = Counted()
    first = estimate(job(tmp_path), "2", measure, {})
    assert (first.steps, first.seconds, first.hours) == (120, 0.5, pytest.approx(60 / 3600))
    same = job(tmp_path, 1, optim__lr=7, trainer__max_epochs=10)
    assert estimate(same, "2", measure, {}).steps == 300
    assert measure.calls == 1
    others = [job(tmp_path, model__depth=4), job(tmp_path, data__train=["BSD200"])]
    for each, threads in ((others[0], "2"), (others[1], "2"), (job(tmp_path), "1")):
        estimate(each, threads, measure, {})
    assert measure.calls == 4


def test_images_do_not_matter_where_an_epoch_has_fixed_steps(tmp_path: Path):
    measure = Counted()
    for train in ("T91", "BSD200"):
        one = job(tmp_path, data__train=[train], data__steps_per_epoch=7)
        assert estimate(one, "2", measure, {}).steps == 28
    assert measure.calls == 1
    assert estimate(job(tmp_path, trainer__max_steps=50), "2", measure, {}).steps == 50


def test_what_was_measured_beside_other_work_serves_this_sweep_alone(tmp_path: Path):
    measure = Counted(others=1.5)
    known: dict[str, Any] = {}
    assert not estimate(job(tmp_path), "2", measure, known).idle
    estimate(job(tmp_path, 1), "2", measure, known)
    assert measure.calls == 1
    estimate(job(tmp_path), "2", measure, {})
    assert measure.calls == 2


def test_what_cannot_be_measured_is_tried_once(tmp_path: Path):
    calls = []

    def fail() -> Mapping[str, Any]:
        calls.append(1)
        raise MeasureError("no images")

    known: dict[str, Any] = {}
    for number in (0, 1):
        with pytest.raises(MeasureError, match="no images"):
            estimate(job(tmp_path, number), "2", fail, known)
    assert len(calls) == 1


def test_order_by_variant_and_by_time(tmp_path: Path):
    jobs = [job(tmp_path, i, variant) for i, variant in enumerate("abc")]
    took = {0: Estimate(9, 1, 1, 0), 1: Estimate(5, 1, 1, 0)}  # the third is unknown
    order = lambda **keys: [j.number for j in ordered(jobs, Settings(**keys), took)]  # noqa: E731
    assert order() == [0, 1, 2]
    assert order(order="shortest") == [1, 0, 2]
    assert order(first=["c"]) == [2, 0, 1]
    assert order(first=["c"], order="shortest") == [2, 1, 0]
    with pytest.raises(ConfigError, match=r"sweep.first: there is no variant d; valid are a b c"):
        order(first=["d"])


def test_the_plan_names_steps_operations_hours_and_the_sum(tmp_path: Path):
    jobs = [job(tmp_path, 0, "a"), job(tmp_path, 1, "a"), job(tmp_path, 2, "b"), job(tmp_path, 3)]
    took = {n: Estimate(7200, 0.5, 2 * 10**9, 0.0) for n in (0, 1)}
    took[2] = Estimate(3600, 2.0, 10**12, 1.3)
    console = Console(width=120)
    with console.capture() as printed:
        console.print(plan_table(jobs, took))
    rows = [line.split("│")[1:-1] for line in printed.get().splitlines() if "│" in line]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["a", "2", "7,200", "14.4 T", "0.5", "1.00", "2.00"],
        ["b", "1", "3,600", "3.6 P", "2", "2.00", "2.00"],
        ["a", "1", "?", "?", "?", "?", "?"],
    ]
    said = plan_lines(jobs, took, at_once=2)
    assert said[0].startswith("in all 4.00 hours of training, 2 at a time: 3:00:00 from now, done ")
    assert "other processes used 1.3 cores" in said[1]


def test_jobs_fill_the_places_one_after_the_other():
    assert makespan([3, 1, 1, 1], 2) == 3
    assert makespan([1, 1, 1, 3], 2) == 4
    assert makespan([], 2) == 0


def test_the_forecast_follows_the_pace_of_the_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    jobs = [job(tmp_path, 0), job(tmp_path, 1)]
    jobs[0].state = "running"
    foretold = Forecast({n: Estimate(100, 1.0, 1, 0) for n in (0, 1)}, at_once=1)
    now = time.monotonic()
    monkeypatch.setattr(estimates.time, "monotonic", lambda: now)
    assert foretold.remaining(jobs) == 200
    jobs[0].folder.mkdir()
    (jobs[0].folder / "metrics.csv").write_text("epoch,step,loss\n0,9,1\n0,19,1\n0,2")
    assert steps_done(jobs[0].folder) == 20
    now += 100  # 20 steps in 100 seconds, five times as long as was measured
    assert foretold.remaining(jobs) == pytest.approx(80 * 5 + 100 * 5)
    jobs[0].state = jobs[1].state = "finished"
    assert foretold.remaining(jobs) is None


def test_the_line_says_when_a_sweep_will_be_done(tmp_path: Path):
    monitor = SweepMonitor([job(tmp_path)], tmp_path, Settings())
    assert "done" not in monitor.line().partition("done,")[2]
    monitor.forecast = Forecast({0: Estimate(7200, 1.0, 1, 0)}, 1)
    assert f"0:00 elapsed, 2:00:00 remaining, done {when(7200)}" in monitor.line()


def test_words_for_numbers():
    assert [clock(s) for s in (5, 65, 3665)] == ["0:05", "1:05", "1:01:05"]
    assert [si(n) for n in (1, 999, 1e3, 2.14e15, 5e18)] == ["1", "999", "1 k", "2.14 P", "5e+03 P"]


@pytest.mark.long
@pytest.mark.slow
def test_evaluations_are_swept_as_before_and_not_measured(tmp_path: Path):
    command = [sys.executable, str(ROOT / "evaluate.py"), "-m", "weights=bicubic", "model=vdsr"]
    command += ["model.scales=[2],[3]", "data=demo", "device=cpu", "hydra.sweep.dir=sweep"]
    asked = subprocess.run(
        [*command, "sweep.estimate=true"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (asked.returncode, asked.stderr) == (
        2,
        "error: sweep.estimate, sweep.order=shortest: only trainings are measured\n",
    )
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "2/2 done" in done.stdout


@pytest.mark.long
@pytest.mark.slow
def test_a_sweep_is_estimated_without_being_started(tmp_path: Path, shared_data: Path):
    typed = [o for o in TINY if not o.startswith("model.depth")]
    command = [sys.executable, str(ROOT / "train.py"), "-m", "study=vdsr_depth", *typed]
    command += [f"data.root={shared_data}", f"data.cache={tmp_path / 'cache'}", "device=cpu"]
    command += ["seed=0", "sweep.estimate=true", "study.variants.depth_15=null"]
    command += ["study.variants.depth_20=null", "study.claims=[]", "hydra.sweep.dir=sweep"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "depth_5" in done.stdout
    assert "in all 0.0" in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["cache"]
    answers = [json.loads(p.read_text()) for p in (tmp_path / "cache" / "step_times").glob("*")]
    assert all(0 < answer["seconds"] < 10 for answer in answers)

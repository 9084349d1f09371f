"""What a full disk delays."""

import errno
from pathlib import Path

import pytest

from sr_experiments.runs.status import read_status
from sr_experiments.sweeps import monitor as monitors
from sr_experiments.sweeps.job import Job
from sr_experiments.sweeps.monitor import SweepMonitor
from sr_experiments.sweeps.records import Records
from sr_experiments.sweeps.settings import Settings


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_table_follows_when_there_is_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = [Job(i, [f"seed={i}"], tmp_path / str(i), {}) for i in range(2)]
    monitor = SweepMonitor(jobs, tmp_path, Settings())
    with monkeypatch.context() as patch:
        patch.setattr(monitors, "write_whole", full)
        jobs[0].state = "running"
        monitor.changed(jobs[0])
        said = capsys.readouterr().out
        assert f"{tmp_path / 'sweep.csv'}" in said
        assert "No space left" in said
        assert "hydra.sweep.dir" not in said
        monitor.tick()
        assert not (tmp_path / "sweep.csv").exists()
        jobs[0].state = "finished"
    monitor.records.tried = 0.0
    monitor.tick()
    assert "0,0,finished" in (tmp_path / "sweep.csv").read_text()
    assert "written now" in capsys.readouterr().out
    monitor.tick()
    assert capsys.readouterr().out == ""


def test_the_end_of_an_attempt_is_recorded_unless_the_next_one_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [Job(i, [], tmp_path / str(i), {}, state="killed", error="out") for i in range(2)]
    records = Records(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("sr_experiments.runs.status.write_whole", full)
        for job in jobs:
            records.end(job)
    assert read_status(jobs[0].folder) == {}
    jobs[1].state = "running"
    records.tried = 0.0
    records.retry()
    assert read_status(jobs[0].folder)["state"] == "killed"
    assert read_status(jobs[1].folder) == {}


def test_what_never_could_be_written_is_said_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = Records(tmp_path)
    records.keep(tmp_path / "sweep.csv", full)
    capsys.readouterr()
    records.close()
    assert f"not written: {tmp_path / 'sweep.csv'}" in capsys.readouterr().out

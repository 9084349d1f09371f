"""Sweeps of quick jobs, run as a user runs them."""

import csv
import json
import os
import signal
import time
from pathlib import Path

import pytest

from sr_experiments.runs.status import error_of, read_status
from tests.sweeps import quick_job
from tests.sweeps.sweep_commands import ROOT, Sweeps

QUICK = ROOT / "tests" / "sweeps" / "quick_job.py"


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "sweep.csv").open() as file:
        return list(csv.DictReader(file))


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_failures_are_recorded_and_the_others_go_on(sweeps: Sweeps) -> None:
    kinds = "[finish],[fail],[raise],[exit:3],[die],[memory],[exit:0]"
    status, output = sweeps.quick(f"tags={kinds}", "seed=7", "hydra.sweep.dir=s")
    assert status == 1
    folder = sweeps.folder / "s"
    states = [row["state"] for row in rows(folder)]
    assert states == ["finished", "failed", "failed", "failed", "killed", "failed", "failed"]
    errors = [row["error"] for row in rows(folder)]
    assert errors[1] == "it went wrong"
    assert errors[2] == "RuntimeError: unexpected"
    assert "SIGKILL" in errors[4]
    assert errors[5].startswith("out of memory: ")
    assert errors[6] == "it ended without a result"
    assert rows(folder)[0]["val/psnr"] == "7.0"
    assert "best val/psnr 7.000 (job 0)" in output
    assert "not every job finished" in output
    recorded = read_status(folder / "2")
    assert recorded["state"] == "failed"
    assert recorded["log"][-1] == "RuntimeError: unexpected"


@pytest.mark.long
def test_same_command_again_skips_finished_and_continues_all_but_the_hopeless(
    sweeps: Sweeps,
) -> None:
    command = ("tags=[finish],[once-dies],[fail],[diverge]", "hydra.sweep.dir=s")
    sweeps.quick(*command)
    folder = sweeps.folder / "s"
    kinds = [error_of(read_status(folder / str(job)))[0] for job in range(4)]
    assert kinds == ["", "killed", "failed", "diverged"]
    for job in ("1", "2", "3"):
        checkpoints = folder / job / "checkpoints"
        checkpoints.mkdir()
        _make_checkpoint(checkpoints / "last.ckpt")
    status, output = sweeps.quick(*command)
    assert status == 1
    assert "1 of them finished before" in output
    assert lines(folder / "0" / "starts") == ["None"]
    for job in ("1", "2"):
        assert lines(folder / job / "starts")[1] == str(folder / job / "checkpoints/last.ckpt")
    assert lines(folder / "3" / "starts") == ["None", "None"]
    assert (folder / "3" / "checkpoints.1" / "last.ckpt").is_file()
    assert [row["state"] for row in rows(folder)] == ["finished", "finished", "failed", "failed"]
    status, _ = sweeps.run(QUICK, "sweep.resume=s")  # all that is known of it
    assert status == 1
    assert [len(lines(folder / str(job) / "starts")) for job in range(4)] == [1, 2, 3, 3]


def _make_checkpoint(path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/version", "3")


@pytest.mark.parametrize(
    ("override", "expected"),
    [("optim.lr=0.5", "optim.lr=0.1, now it is 0.5"), ("+sweep.x=1", "sweep.x: extra")],
)
def test_a_changed_configuration_is_refused(sweeps: Sweeps, override: str, expected: str) -> None:
    sweeps.quick("seed=1,2", "hydra.sweep.dir=s", "optim.lr=0.1")
    status, output = sweeps.quick("sweep.resume=s", override)
    assert status == 2
    assert expected in output
    assert "Traceback" not in output
    assert lines(sweeps.folder / "s" / "0" / "starts") == ["None"]


def test_resume_of_no_sweep_is_refused(sweeps: Sweeps) -> None:
    status, output = sweeps.quick("sweep.resume=nowhere")
    assert status == 2
    assert "nowhere" in output


def test_retries_continue_from_the_last_checkpoint(sweeps: Sweeps) -> None:
    status, output = sweeps.quick("tags=[once-dies]", "sweep.retries=1", "hydra.sweep.dir=s")
    assert status == 0, output
    assert rows(sweeps.folder / "s")[0]["attempts"] == "2"


@pytest.mark.slow
def test_a_hung_job_is_killed(sweeps: Sweeps) -> None:
    command = ("tags=[hang],[finish]", "sweep.timeout=0.2", "hydra.sweep.dir=s")
    status, _ = sweeps.quick(*command, SECONDS_TO_STOP="1")
    assert status == 1
    hung, other = rows(sweeps.folder / "s")
    assert (hung["state"], other["state"]) == ("timeout", "finished")
    assert "hanging" in read_status(sweeps.folder / "s" / "0")["log"]
    assert not sweeps.processes()


def test_gpus_are_handed_out_and_ranks_of_the_surroundings_removed(sweeps: Sweeps) -> None:
    status, output = sweeps.quick(
        "tags=[sleep:0.5]",
        "seed=0,1,2,3",
        "device=gpu",
        "hydra.sweep.dir=s",
        CUDA_VISIBLE_DEVICES="4,7",
        WORLD_SIZE="2",
        RANK="0",
    )
    assert status == 0, output
    folder = sweeps.folder / "s"
    seen = [json.loads((folder / str(job) / "environment").read_text()) for job in range(4)]
    assert sorted(e["CUDA_VISIBLE_DEVICES"] for e in seen) == ["4", "4", "7", "7"]
    assert all(e["WORLD_SIZE"] is None and e["RANK"] is None for e in seen)
    assert ", 3 running" not in output


def test_a_rank_does_not_replay_a_sweep(sweeps: Sweeps) -> None:
    status, output = sweeps.quick("seed=0,1", RANK="1")
    assert status == 2
    assert "RANK=1" in output


def _wait_for(path: Path, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_marks_running_jobs_and_leaves_no_orphan(
    sweeps: Sweeps, number: signal.Signals
) -> None:
    process = sweeps.start(QUICK, "-m", "tags=[sleep:60]", "seed=0,1,2", "hydra.sweep.dir=s")
    folder = sweeps.folder / "s"
    for job in ("0", "1"):
        _wait_for(folder / job / "environment")
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130, output
    states = [row["state"] for row in rows(folder)]
    assert states == ["interrupted", "interrupted", "waiting"]
    assert read_status(folder / "0")["state"] == "interrupted"
    assert not sweeps.processes()


def test_a_job_that_has_finished_stays_so_whatever_ends_its_process(sweeps: Sweeps) -> None:
    command = ("-m", "tags=[then-hang]", "seed=0", "hydra.sweep.dir=s")
    process = sweeps.start(QUICK, *command, SECONDS_TO_STOP="0.5")
    _wait_for(sweeps.folder / "s" / "0" / "environment")
    while not quick_job.finishes(sweeps.folder / "s" / "0"):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert [row["state"] for row in rows(sweeps.folder / "s")] == ["finished"]
    status, output = sweeps.run(QUICK, *command)
    assert status == 0, output
    assert quick_job.finishes(sweeps.folder / "s" / "0") == 1
    status, output = sweeps.quick("tags=[then-die]")
    assert status == 0, output


def test_a_second_ctrl_c_kills(sweeps: Sweeps) -> None:
    process = sweeps.start(QUICK, "-m", "tags=[hang]", "seed=0", "hydra.sweep.dir=s")
    _wait_for(sweeps.folder / "s" / "0" / "environment")
    time.sleep(0.3)  # until it has begun to ignore signals
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert time.monotonic() - begin < 5
    assert process.returncode == 130
    assert not sweeps.processes()


@pytest.mark.slow
def test_kill_of_the_sweep_and_of_jobs_then_resume(sweeps: Sweeps) -> None:
    command = ("-m", "tags=[sleep:0.4]", "seed=range(4)", "hydra.sweep.dir=s")
    folder = sweeps.folder / "s"
    for kill_after in (1, 3):
        process = sweeps.start(QUICK, *command)
        _wait_for(folder / str(kill_after) / "environment")
        victim = json.loads((folder / str(kill_after) / "environment").read_text())["pid"]
        os.kill(victim, signal.SIGKILL)
        time.sleep(0.3)
        process.kill()
        process.wait()
        end = time.monotonic() + 5
        while sweeps.processes() and time.monotonic() < end:
            time.sleep(0.05)
        assert not sweeps.processes()
    status, output = sweeps.run(QUICK, *command)
    assert status == 0, output
    assert [quick_job.finishes(folder / str(job)) for job in range(4)] == [1] * 4
    assert [row["state"] for row in rows(folder)] == ["finished"] * 4


def test_two_sweeps_do_not_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sr_experiments.errors import ConfigError
    from sr_experiments.runs import lock
    from sr_experiments.runs.lock import SweepLock

    monkeypatch.setattr(lock, "_PATIENCE_OF_SWEEPS", 0.1)
    first = SweepLock(tmp_path / "s")
    with pytest.raises(ConfigError, match="another sweep"):
        SweepLock(tmp_path / "s")
    first.release()
    SweepLock(tmp_path / "s").release()

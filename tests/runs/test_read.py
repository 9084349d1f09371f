"""Run folders in every condition."""

import fcntl
import shutil
from pathlib import Path

import numpy as np
import pytest

from sr_experiments.errors import ConfigError
from sr_experiments.runs.read import Run, read_runs
from tests.runs.folders import DEAD, DIVERGED, FAILED, METRIC, make_older, make_run

LONG_AGO = 3600.0


def read_one(folder: Path) -> Run:
    (run,) = read_runs([folder])
    return run


def test_a_finished_run_is_read_whole(tmp_path: Path) -> None:
    run = read_one(make_run(tmp_path / "run", [30.0, 31.5], seed=3))
    assert (run.state, run.error, run.seed, run.seconds) == ("finished", "", 3, 12.5)
    curve = run.curves[METRIC]
    assert curve.epoch.tolist() == [1, 2]
    assert curve.step.tolist() == [10, 20]
    assert curve.seconds.tolist() == [2, 4]
    assert curve.value.tolist() == [30.0, 31.5]
    assert run.metrics["test/set5_x2/psnr_y"] == 31.5
    assert run.metrics["test/set5_x2/ssim_y"] == 0.95
    assert run.bicubic == {"test/set5_x2/psnr_y": 33.66, "test/set5_x2/ssim_y": 0.93}
    assert run.environment["git"] == "abc"
    assert "optim.lr=0.1" in run.overrides
    assert not run.notes


def test_rows_between_validations_lie_within_epochs(tmp_path: Path) -> None:
    curve = read_one(make_run(tmp_path / "run", [30.0, 31.0])).curves["train/loss"]
    assert curve.step.tolist() == [5, 10, 15, 20]
    assert curve.epoch.tolist() == [0.5, 1, 1.5, 2]
    assert curve.seconds.tolist() == [1, 2, 3, 4]


def test_scores_at_the_end_are_no_curve(tmp_path: Path) -> None:
    run = read_one(make_run(tmp_path / "run"))
    assert set(run.curves) == {METRIC, "train/loss"}


def test_missing_seconds_are_nan(tmp_path: Path) -> None:
    run = read_one(make_run(tmp_path / "run", seconds=False))
    assert np.isnan(run.curves[METRIC].seconds).all()
    assert run.curves[METRIC].value.tolist() == [30, 31, 32]


def test_a_step_measured_twice_counts_once(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", [30.0, 31.0])
    with (folder / "metrics.csv").open("a") as file:
        file.write("1,19,35.0,,,9\n")
    curve = read_one(folder).curves[METRIC]
    assert curve.step.tolist() == [10, 20]
    assert curve.value.tolist() == [30, 35]


@pytest.mark.parametrize(
    ("error", "state"), [(DIVERGED, "diverged"), (DEAD, "dead"), (FAILED, "failed")]
)
def test_failures_are_told_apart(tmp_path: Path, error: str, state: str) -> None:
    run = read_one(make_run(tmp_path / "run", state="failed", error=error))
    assert (run.state, run.error) == (state, error)


@pytest.mark.parametrize("state", ["killed", "timeout", "interrupted"])
def test_other_ends_are_kept(tmp_path: Path, state: str) -> None:
    run = read_one(make_run(tmp_path / "run", state=state, error="why", age=LONG_AGO))
    assert (run.state, run.error) == (state, "why")


def test_a_running_run_is_alive_while_it_writes(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", state="running", age=LONG_AGO)
    stale = read_one(folder)
    assert stale.state == "killed"
    assert stale.error.startswith("no sign of life since 2")
    (folder / "metrics.csv").touch()
    assert read_one(folder).state == "running"


def test_a_running_run_is_alive_while_its_sweep_is(tmp_path: Path) -> None:
    make_run(tmp_path / "0", state="running", age=LONG_AGO)
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert read_one(tmp_path).state == "running"
    assert read_one(tmp_path).state == "killed"


def test_a_run_without_status_was_killed_at_its_beginning(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    (folder / "status.json").unlink()
    make_older(folder, LONG_AGO)
    assert read_one(folder).state == "killed"


def test_a_job_that_left_only_its_log_failed(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "job.log").write_text("Traceback\nImportError: no torch\n")
    assert read_one(tmp_path).state == "running"
    make_older(tmp_path / "0", LONG_AGO)
    run = read_one(tmp_path)
    assert run.state == "failed"
    assert "ImportError: no torch" in run.error
    assert run.config == {}


def test_a_killed_sweep_has_jobs_that_never_began(tmp_path: Path) -> None:
    make_run(tmp_path / "0")
    (tmp_path / "sweep.csv").write_text(
        "job,optim.lr,seed,study.variant,state,test/psnr,minutes,attempts,error\n"
        "0,0.1,0,plain,finished,32,1,1,\n1,0.2,1,plain,waiting,,0,0,\n"
    )
    _, waiting = read_runs([tmp_path])
    assert waiting.state == "waiting"
    assert waiting.overrides == ["optim.lr=0.2", "seed=1", "study.variant=plain"]
    assert (waiting.seed, waiting.study) == (1, {"variant": "plain"})


@pytest.mark.parametrize("name", ["status.json", "config.yaml", "metrics.csv", "results.csv"])
@pytest.mark.parametrize("damage", ["half", "binary"])
def test_a_damaged_file_is_named_and_hides_no_other_run(
    tmp_path: Path, name: str, damage: str
) -> None:
    broken = make_run(tmp_path / "0") / name
    content = broken.read_bytes()
    half = len(content) // 2
    if name == "config.yaml":  # half of it is valid, unless it ends in the middle of a list
        content, half = b"model: [1, 2", 12
    broken.write_bytes(content[:half] if damage == "half" else b"\xff\xfe\x00" + content)
    make_run(tmp_path / "1")
    first, second = read_runs([tmp_path])
    assert first.state == "unreadable"
    assert name in first.error
    assert "\n" not in first.error
    assert second.state == "finished"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("status.json", ""),
        ("status.json", "[1]"),
        ("status.json", '{"state": "flying"}'),
        ("status.json", '{"state": "finished", "metrics": {"a": "b"}}'),
        ("status.json", '{"state": "finished", "metrics": [1]}'),
        ("config.yaml", "- a\n"),
        ("metrics.csv", "a,b\n1,2\n"),
        ("metrics.csv", "epoch,step,x\n0,9,1\n0\n1,19,2\n"),
        ("metrics.csv", "epoch,step,x\n0,9,one\n"),
        ("results.csv", "a,b\n1,2\n"),
    ],
)
def test_senseless_files_make_a_run_unreadable(tmp_path: Path, name: str, text: str) -> None:
    folder = make_run(tmp_path / "run")
    (folder / name).write_text(text)
    run = read_one(folder)
    assert run.state == "unreadable"
    assert name in run.error


def test_a_row_that_is_being_written_is_left_out(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", [30.0], state="running")
    with (folder / "metrics.csv").open("a") as file:
        file.write("1,19,3")
    run = read_one(folder)
    assert run.state == "running"
    assert run.curves[METRIC].value.tolist() == [30]


def test_surroundings_that_cannot_be_read_are_noted(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    (folder / "environment.json").write_text("{")
    run = read_one(folder)
    assert run.state == "finished"
    assert "environment.json" in run.notes[0]


def test_schemas(tmp_path: Path) -> None:
    old = read_one(make_run(tmp_path / "old", schema=None))
    new = read_one(make_run(tmp_path / "new", schema=99))
    assert (old.state, old.notes) == ("finished", ())
    assert new.state == "finished"
    assert "99" in new.notes[0]
    assert "update" in new.notes[0]


def test_any_level_of_folders(tmp_path: Path) -> None:
    for sweep in ("a", "b/c"):
        for job in (0, 1, 10, 2):
            make_run(tmp_path / sweep / str(job) / "", seed=job)
    make_run(tmp_path / "a" / "0" / "nested")  # a run's own folders are not looked into
    (tmp_path / "empty").mkdir()
    runs = read_runs([tmp_path])
    assert [run.folder.relative_to(tmp_path).as_posix() for run in runs] == [
        *(f"a/{job}" for job in (0, 1, 2, 10)),
        *(f"b/c/{job}" for job in (0, 1, 2, 10)),
    ]
    assert len(read_runs([tmp_path, tmp_path / "a", tmp_path / "a" / "0"])) == 8


def test_a_copy_reads_alike(tmp_path: Path) -> None:
    original = make_run(tmp_path / "here" / "0")
    shutil.copytree(original, tmp_path / "there" / "run")
    shutil.rmtree(original)
    run = read_one(tmp_path / "there")
    assert run.state == "finished"
    assert run.curves[METRIC].value.tolist() == [30, 31, 32]


def test_links_in_circles_end(tmp_path: Path) -> None:
    make_run(tmp_path / "0")
    (tmp_path / "circle").symlink_to(tmp_path)
    assert len(read_runs([tmp_path])) == 1


@pytest.mark.parametrize(
    ("name", "words"), [("no", "no such folder"), ("file", "is a file"), ("empty", "no run in")]
)
def test_paths_without_runs_are_mistakes(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    with pytest.raises(ConfigError, match=words):
        read_runs([tmp_path / name])

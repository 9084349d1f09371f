"""What becomes of a run that was begun before."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from sr_experiments.errors import ConfigError
from sr_experiments.runs.checkpoints import ResumePoint, check_same, continues_itself, resume_point


def write_run(folder: Path, state: str, kind: str = "", **config: Any) -> Path:
    folder.mkdir(parents=True)
    error = {"kind": kind, "message": "why"} if kind else None
    status = {"state": state, "seconds": 3.0, "metrics": {"test/psnr": 30.0}, "error": error}
    (folder / "status.json").write_text(json.dumps(status))
    (folder / "config.yaml").write_text(yaml.safe_dump({"run_dir": str(folder), **config}))
    return folder


@pytest.mark.parametrize("state", ["running", "interrupted", "killed", "timeout", "failed"])
def test_runs_continue_only_from_a_whole_checkpoint(tmp_path: Path, state: str) -> None:
    run = write_run(tmp_path / "0", state)
    last = run / "checkpoints" / "last.ckpt"
    last.parent.mkdir()
    last.write_bytes(b"PK\x03\x04 cut off")
    assert resume_point(run) == ResumePoint()
    with zipfile.ZipFile(last, "w") as file:
        file.writestr("archive/version", "3")
    assert resume_point(run) == ResumePoint(checkpoint=last)


def test_a_finished_run_stays(tmp_path: Path) -> None:
    found = resume_point(write_run(tmp_path / "0", "finished"))
    assert found == ResumePoint(finished=True, seconds=3.0, metrics={"test/psnr": 30.0})


@pytest.mark.parametrize("kind", ["diverged", "dead"])
@pytest.mark.parametrize("schema", [1, 2])
def test_what_hopeless_runs_have_left_is_moved_aside(
    tmp_path: Path, kind: str, schema: int
) -> None:
    run = write_run(tmp_path / "0", "failed", kind)
    if schema == 1:
        status = {"state": "failed", "schema": 1, "kind": kind, "error": "why"}
        (run / "status.json").write_text(json.dumps(status))
    (run / "metrics.csv.1").touch()  # of an attempt that came to no checkpoint
    for number in (2, 3):
        (run / "checkpoints").mkdir()
        (run / "checkpoints" / "last.ckpt").write_bytes(b"weights")
        (run / "metrics.csv").write_text("step\n")
        assert resume_point(run) == ResumePoint()
        assert not (run / "checkpoints").exists()
        assert not (run / "metrics.csv").exists()
        assert (run / f"checkpoints.{number}" / "last.ckpt").read_bytes() == b"weights"
        assert (run / f"metrics.csv.{number}").read_text() == "step\n"


def test_a_moved_folder_is_the_same_run(tmp_path: Path) -> None:
    old = {"lr": 0.1, "run_dir": "/old/0", "callbacks": {"dirpath": "/old/0/checkpoints"}}
    run = write_run(tmp_path / "0", "finished", **old)
    new = {"lr": 0.1, "run_dir": str(run), "callbacks": {"dirpath": f"{run}/checkpoints"}}
    check_same(run, new)


@pytest.mark.parametrize("config", [{"lr": 0.2}, {"lr": 0.1, "depth": 3}, {}])
def test_another_configuration_is_refused(tmp_path: Path, config: dict[str, Any]) -> None:
    run = write_run(tmp_path / "0", "finished", lr=0.1)
    with pytest.raises(ConfigError, match="this run was made with"):
        check_same(run, config)


def test_what_does_not_change_results_may_change(tmp_path: Path) -> None:
    config = {
        "lr": 0.1,
        "tags": [],
        "log_images": 1,
        "sweep": {"slots": 1},
        "logger": {"wandb": {}},
    }
    run = write_run(tmp_path / "0", "killed", **config)
    check_same(
        run, {"lr": 0.1, "tags": ["a"], "log_images": 2, "sweep": {"slots": 2}, "logger": {}}
    )


@pytest.mark.parametrize("key", ["seed", "init_from"])
def test_what_tells_runs_of_a_configuration_apart_may_not(tmp_path: Path, key: str) -> None:
    run = write_run(tmp_path / "0", "killed", **{key: 1})
    with pytest.raises(ConfigError, match=f"made with {key}=1, now it is 2"):
        check_same(run, {key: 2})


@pytest.mark.parametrize(("recorded", "allowed"), [("a.ckpt", True), ("b.ckpt", False)])
def test_another_checkpoint_to_start_from_is_another_run(
    tmp_path: Path, recorded: str, allowed: bool
) -> None:
    run = write_run(tmp_path / "0", "finished", ckpt_path=recorded, run_dir="/old/0")
    if allowed:
        check_same(run, {"ckpt_path": "a.ckpt"})
    else:
        with pytest.raises(ConfigError, match=r"ckpt_path=b\.ckpt, now it is a\.ckpt"):
            check_same(run, {"ckpt_path": "a.ckpt"})


def test_a_run_that_continued_itself_is_the_same_run(tmp_path: Path) -> None:
    old = {"ckpt_path": "/old/0/checkpoints/last.ckpt", "run_dir": "/old/0"}
    run = write_run(tmp_path / "0", "killed", **old)
    check_same(run, {"ckpt_path": None})
    assert continues_itself(run, f"{run}/checkpoints/last.ckpt")
    assert not continues_itself(run, "/old/0/checkpoints/last.ckpt")
    assert not continues_itself(run, None)

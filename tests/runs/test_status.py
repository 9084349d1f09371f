"""How a run stands, and of what kind its error is."""

import errno
import json
import os
import signal
from pathlib import Path

import pytest

from sr_experiments.errors import (
    ConfigError,
    DeadError,
    DiskFullError,
    DivergedError,
    Interrupted,
    OutOfMemoryError,
)
from sr_experiments.runs.status import error_of, infer_state, read_status, record_end, write_status
from sr_experiments.sweeps.child import exit_reason
from tests.runs.folders import DEAD, DIVERGED

KINDS = [
    (DivergedError("no words tell it"), "diverged"),
    (DeadError("no words tell it"), "dead"),
    (OutOfMemoryError("a"), "out_of_memory"),
    (MemoryError("a"), "out_of_memory"),
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "disk_full"),
    (DiskFullError("a"), "disk_full"),
    (Interrupted(signal.SIGTERM), "interrupted"),
    (ConfigError("training diverged, says the user"), "user_error"),
    (RuntimeError("training diverged"), "failed"),
]


@pytest.mark.parametrize(("error", "kind"), KINDS)
def test_the_class_of_an_error_tells_its_kind(
    tmp_path: Path, error: BaseException, kind: str
) -> None:
    write_status(tmp_path, "failed", 1.23, {"val/psnr": 30.0}, error)
    status = json.loads((tmp_path / "status.json").read_text())
    assert status["error"] == {"kind": kind, "message": f"{type(error).__name__}: {error}"}
    assert (status["seconds"], status["metrics"]) == (1.2, {"val/psnr": 30.0})
    state = kind if kind in ("diverged", "dead") else "failed"
    assert infer_state(tmp_path, read_status(tmp_path), True)[0] == state


def test_a_run_that_goes_well_has_no_error(tmp_path: Path) -> None:
    write_status(tmp_path, "finished", 1.0, {})
    assert json.loads((tmp_path / "status.json").read_text())["error"] is None
    assert error_of(read_status(tmp_path)) == ("", "")


@pytest.mark.parametrize(
    ("error", "kind"),
    [(DIVERGED, "diverged"), (DEAD, "dead"), ("RuntimeError: a", "failed"), (None, "")],
)
def test_statuses_without_kinds_are_told_by_their_words(
    tmp_path: Path, error: str | None, kind: str
) -> None:
    (tmp_path / "status.json").write_text(json.dumps({"state": "failed", "error": error}))
    assert error_of(read_status(tmp_path)) == (kind, error or "")


@pytest.mark.parametrize(
    ("state", "kind"), [("killed", "killed"), ("timeout", "killed"), ("failed", "dead")]
)
def test_a_sweep_completes_what_a_run_left(tmp_path: Path, state: str, kind: str) -> None:
    write_status(tmp_path, "failed", 1.0, {"val/psnr": 30.0}, DeadError("a"))
    (tmp_path / "job.log").write_text("one\ntwo\n")
    record_end(tmp_path, state, "seen from outside", 5.0)  # type: ignore[arg-type]
    status = read_status(tmp_path)
    assert (status["state"], status["seconds"], status["log"]) == (state, 5.0, ["one", "two"])
    assert status["metrics"] == {"val/psnr": 30.0}
    assert error_of(status) == (kind, "seen from outside")


@pytest.mark.parametrize(
    ("status", "recorded", "expected"),
    [
        (143, "interrupted", ("interrupted", "Interrupted: stopped by SIGTERM")),
        (1, "interrupted", ("interrupted", "Interrupted: stopped by SIGTERM")),  # torchrun's
        (0, "running", ("failed", "it ended without a result")),
    ],
)
def test_a_run_that_stopped_at_a_signal_was_interrupted(
    tmp_path: Path, status: int, recorded: str, expected: tuple[str, str]
) -> None:
    write_status(tmp_path, recorded, 1.0, {}, Interrupted(signal.SIGTERM))  # type: ignore[arg-type]
    assert exit_reason(tmp_path, status) == expected

"""One run at a time in a folder, and none over another one's results."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sr_experiments.errors import ConfigError
from sr_experiments.runs import folder, lock
from tests.cli.conftest import TINY, Command

HOLD = """
import fcntl, os, sys
file = open(sys.argv[1], "a+")
fcntl.lockf(file, fcntl.LOCK_EX)
file.write("process 12 on elsewhere\\n")
file.flush()
if os.fork() == 0:  # as a loader's worker, which outlives its parent for a while
    sys.stdin.read()
    os._exit(0)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that works in the folder."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / ".lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_folder_in_use_is_refused_at_a_continuation_too(
    tmp_path: Path, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "_PATIENCE", 0.0)
    with pytest.raises(ConfigError) as error:
        folder.claim(tmp_path, continued=True, trains=True)
    assert str(error.value) == (
        f"{tmp_path}: another run works in this folder (process 12 on elsewhere); when it "
        f"has ended, continue it with ckpt_path={tmp_path} hydra.run.dir={tmp_path}, or choose "
        "another folder with hydra.run.dir=..."
    )


def test_the_lock_of_a_killed_run_holds_nobody_up(
    tmp_path: Path, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "_PATIENCE", 0.0)
    holder.kill()
    holder.wait()
    assert folder.claim(tmp_path, continued=False, trains=True)
    assert (tmp_path / ".lock").read_text().startswith("process ")
    assert "12" not in (tmp_path / ".lock").read_text().split()


@pytest.mark.parametrize(
    ("state", "checkpoint", "refused"),
    [
        ("finished", False, "holds a finished run"),
        ("interrupted", True, "holds checkpoints of a run that is interrupted"),
        ("running", True, "holds checkpoints of a run that is running"),
        ("failed", False, ""),
        (None, False, ""),
        (None, True, "holds checkpoints of a run that is not recorded"),
    ],
)
def test_results_are_not_replaced(
    tmp_path: Path, state: str | None, checkpoint: bool, refused: str
) -> None:
    if state:
        (tmp_path / "status.json").write_text(json.dumps({"state": state}))
    if checkpoint:
        (tmp_path / "checkpoints").mkdir()
        (tmp_path / "checkpoints" / "last.ckpt").touch()
    folder.claim(tmp_path, continued=True, trains=True)
    if not refused:
        folder.claim(tmp_path, continued=False, trains=True)
        return
    with pytest.raises(ConfigError, match=rf"{refused}; continue it with ckpt_path=.*, or choose"):
        folder.claim(tmp_path, continued=False, trains=True)
    with pytest.raises(ConfigError, match=rf"{refused}; choose another folder"):
        folder.claim(tmp_path, continued=False, trains=False)


def test_a_finished_run_is_continued_or_left_alone(command: Command, images: list[str]) -> None:
    first = command("train", *images, *TINY)
    assert first.code == 0, first.err
    rows = (first.folder / "metrics.csv").read_text()
    again = command("train", *images, *TINY)
    assert again.code == 2
    assert again.err.count("\n") == 1
    assert "holds a finished run; continue it with ckpt_path=" in again.err
    last = first.folder / "checkpoints" / "last.ckpt"
    scored = command("evaluate", *images, "log_images=0", f"ckpt_path={last}")
    assert scored.code == 2
    assert "holds a finished run; choose another folder" in scored.err
    assert (first.folder / "metrics.csv").read_text() == rows
    further = command("train", *images, *TINY, "trainer.max_epochs=3", f"ckpt_path={first.folder}")
    assert further.code == 0, further.err
    assert (first.folder / "metrics.csv").read_text().startswith(rows.partition("\n")[0])

import errno
import os
import platform
import subprocess
from pathlib import Path

import pytest
import torch

from sr_experiments.files import remove_leftovers, whole_file, write_whole
from sr_experiments.imaging import save_image


def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "status.json"
    write_whole(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device") as failed:
        write_whole(path, "new")
    assert failed.value.filename == str(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_was_writing_lies_beside_and_is_removed(tmp_path: Path) -> None:
    path, other = tmp_path / "last.ckpt", tmp_path / ".hydra"
    other.mkdir()
    (tmp_path / ".lock").touch()
    with whole_file(path) as file:
        file.write(b"half")
        file.flush()
        (half,) = (p for p in tmp_path.iterdir() if p.name.startswith(".last.ckpt."))
        half.with_name(".last.ckpt.1").write_bytes(b"half")  # of a process that is no more
    remove_leftovers(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [".hydra", ".lock", "last.ckpt"]


@pytest.fixture
def ended() -> int:
    """The id of a process that is no more."""
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


def test_the_first_write_to_a_folder_removes_what_killed_processes_have_left(
    tmp_path: Path, ended: int
) -> None:
    here = platform.node()
    dead = [f".a.png.{here}.{ended}", f".b.csv.{here}.{ended}"]
    kept = [f".a.png.{here}.{os.getppid()}", f".a.png.elsewhere.{ended}", ".lock", f"a.{ended}"]
    for name in (*dead, *kept):
        (tmp_path / name).write_bytes(b"half")
    save_image(torch.zeros(3, 8, 8, dtype=torch.uint8), tmp_path / "a.png")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*kept, "a.png"])


def test_a_temporary_file_says_who_writes_it(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a.png"):
        names = [path.name for path in tmp_path.iterdir()]
    assert names == [f".a.png.{platform.node()}.{os.getpid()}"]

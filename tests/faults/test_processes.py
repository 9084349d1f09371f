"""Processes that are killed or stopped, or that meet in one folder."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.faults.conftest import TINY, TRIES
from tests.faults.runs import checkpoint_of, same_end, state_of

pytestmark = pytest.mark.slow

#: Long enough to be struck after its first checkpoint.
LONGER = (
    "trainer.max_epochs=30",
    "trainer.check_val_every_n_epoch=15",
    "callbacks.last.every_minutes=0.002",
)


def children(pid: int) -> list[int]:
    """Process ids of the living children and grandchildren."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            child = int(path.parent.name)
            found += [child, *children(child)]
    return found


def continues(start, folder: Path, *overrides: str) -> bool:
    """Whether a run that was stopped goes on in its folder to its end."""
    more = [f"ckpt_path={folder}"] if checkpoint_of(folder).exists() else []
    return start("train", *TINY, *overrides, f"hydra.run.dir={folder}", *more).wait() == 0


def test_a_killed_loader_worker_ends_the_run_which_can_go_on(
    start, record, undisturbed, tmp_path: Path
) -> None:
    line = record("a loader's worker is killed")
    overrides = [*LONGER, "data.num_workers=2", "data.residency=disk"]
    for i in range(TRIES):
        folder = tmp_path / str(i)
        command = start("train", *TINY, *overrides, f"hydra.run.dir={folder}")
        command.wait_for(checkpoint_of(folder))
        end = time.monotonic() + 60
        while not (workers := children(command.process.pid)) and time.monotonic() < end:
            time.sleep(0.005)
        os.kill(workers[0], signal.SIGKILL)
        status = command.wait()
        ended = state_of(folder)
        said = [text for text in command.printed.splitlines() if text.startswith("error: ")]
        detected = (status, ended) == (0, "finished") or (
            (status, ended, len(said)) == (2, "failed", 1) and "Traceback" not in command.printed
        )
        if ended != "finished":
            assert continues(start, folder, *overrides)
        line.add(detected, same_end(folder, undisturbed(*LONGER)))


@pytest.mark.long
def test_a_killed_rank_ends_the_others_with_one_line(start, record, tmp_path: Path) -> None:
    line = record("one of two ranks is killed")
    overrides = [*LONGER, "device=ddp_cpu"]
    for i in range(TRIES):
        folder = tmp_path / str(i)
        command = start("train", *TINY, *overrides, f"hydra.run.dir={folder}")
        command.wait_for(checkpoint_of(folder))
        ranks = [p for p in children(command.process.pid) if b"train.py" in _line(p)]
        os.kill(ranks[-1], signal.SIGKILL)
        status = command.wait()
        tail = command.printed[-3000:]
        detected = status != 0 and state_of(folder) != "finished" and "Traceback" not in tail
        line.add(detected, continues(start, folder, *overrides))
        assert len(command.printed.splitlines()) < 60, tail


@pytest.mark.long
def test_a_killed_first_rank_leaves_no_other_behind(start, record, tmp_path: Path) -> None:
    line = record("the first of two ranks is killed")
    for i in range(TRIES):
        folder = tmp_path / str(i)
        overrides = [*LONGER, "device=ddp_cpu", f"hydra.run.dir={folder}"]
        command = start("train", *TINY, *overrides)
        end = time.monotonic() + 120
        while not (ranks := [p for p in children(command.process.pid) if b"_ddp_" in _line(p)]):
            assert time.monotonic() < end, command.printed
            time.sleep(0.01)
        time.sleep(0.2 * i)
        command.strike(signal.SIGKILL)
        command.wait()
        end = time.monotonic() + 60  # it may only just begin
        while (left := [p for p in ranks if b"_ddp_" in _line(p)]) and time.monotonic() < end:
            time.sleep(0.05)
        line.add(state_of(folder) != "finished", not left)


def _line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_run_that_was_stopped_for_a_while_goes_on(
    start, record, moments, undisturbed, tmp_path: Path
) -> None:
    line = record("SIGSTOP, later SIGCONT")
    for i in range(TRIES):
        folder = tmp_path / str(i)
        command = start("train", *TINY, f"hydra.run.dir={folder}")
        command.wait_for(folder / "status.json")
        time.sleep(moments.uniform(0, 0.5))
        command.strike(signal.SIGSTOP)
        time.sleep(1)
        command.strike(signal.SIGCONT)
        line.add(True, command.wait() == 0 and same_end(folder, undisturbed()))


def test_two_runs_in_one_folder(start, record, tmp_path: Path) -> None:
    line = record("a second run in the folder of a running one, and of a finished one")
    folder = tmp_path / "run"
    first = start("train", *TINY, *LONGER, f"hydra.run.dir={folder}")
    first.wait_for(folder / "status.json")
    second = start("train", *TINY, *LONGER, f"hydra.run.dir={folder}")
    status, refused = second.wait(), second.printed
    line.add(status == 2 and "error: " in refused, first.wait() == 0)
    before = (folder / "metrics.csv").read_bytes()
    third = start("train", *TINY, *LONGER, f"hydra.run.dir={folder}")
    line.add(third.wait() == 2, (folder / "metrics.csv").read_bytes() == before)
    assert "Traceback" not in third.printed

"""Results of several processes: in order, stoppable, and with nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sr_experiments.data.parallel import results
from sr_experiments.errors import ImageError

ITEMS = list(range(64))


@pytest.fixture(autouse=True)
def default_ctrl_c() -> Iterator[None]:
    """Python's own handler, which background jobs of a shell begin without."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def square(item: int) -> int:
    return item * item


@pytest.mark.parametrize("workers", [0, 2])
def test_in_order(workers: int):
    assert list(results(square, ITEMS, workers)) == [item * item for item in ITEMS]


@pytest.mark.parametrize("workers", [0, 2])
def test_ctrl_c_waits_for_the_next_result(workers: int):
    # Amid the loader's queues it could leave a lock taken, and the process would never end.
    found = results(square, ITEMS, workers)
    assert next(found) == 0
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        next(found)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_does_not_wait():
    found = results(square, ITEMS, 0)
    next(found)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    found.close()


def test_workers_leave_ctrl_c_to_their_parent():
    assert list(results(interrupted, ITEMS, 2)) == ITEMS


def interrupted(item: int) -> int:
    os.kill(os.getpid(), signal.SIGINT)
    return item


def test_a_killed_worker_is_said():
    with pytest.raises(ImageError, match="was killed"):
        list(results(killed, ITEMS, 2))


def killed(item: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return item


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent death signal is Linux's")
def test_workers_end_with_a_killed_parent(tmp_path: Path):
    # Each result overfills the pipe to the parent, for which an orphan would wait for ever.
    program = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from sr_experiments.data.parallel import results
from tests.data.test_parallel import large
found = results(large, [{str(tmp_path)!r}] * 64, 2)
next(found)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    workers = [int(path.name) for path in tmp_path.iterdir()]
    assert len(workers) == 2
    end = time.monotonic() + 3  # a loader's own look after its parent comes every 5 seconds
    while running := [pid for pid in workers if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < end, running
        time.sleep(0.05)


def large(folder: str) -> bytes:
    Path(folder, str(os.getpid())).touch()
    return bytes(10_000_000)

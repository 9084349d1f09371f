"""Which of several processes says why a run has ended."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sr_experiments.errors import DivergedError, Interrupted, RankError
from sr_experiments.runs import record as module
from sr_experiments.runs.record import ERROR_LOG, first_failure, listening

DIVERGED_STATES = RuntimeError(
    "[gloo/pair.cc:561] Connection closed by peer [127.0.0.1]:39064. GLHF!"
)


def process(rank: int, world: int = 2, children: Any = ()) -> Any:
    launcher = SimpleNamespace(procs=children)
    return SimpleNamespace(
        global_rank=rank, world_size=world, strategy=SimpleNamespace(launcher=launcher)
    )


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.0)


def test_the_first_says_it_and_the_others_are_silent(tmp_path: Path) -> None:
    said = first_failure(tmp_path, ValueError("a\nb"), process(1))
    assert isinstance(said, RankError)
    assert str(said) == f"rank 1: ValueError: a b; see {tmp_path / ERROR_LOG}"
    assert said.kind == "failed"
    assert (tmp_path / ERROR_LOG).read_text() == "rank 1\nValueError: a\nb\n"
    assert first_failure(tmp_path, DIVERGED_STATES, process(0)) is None
    assert first_failure(tmp_path, ValueError("c"), process(0)) is None
    # torchrun asks the others to stop; that is no interruption.
    assert first_failure(tmp_path, Interrupted(signal.SIGTERM), process(0)) is None


def test_an_error_for_the_user_is_said_once_as_it_is(tmp_path: Path) -> None:
    error = DivergedError("training diverged")
    assert first_failure(tmp_path, error, process(1)) is error
    assert first_failure(tmp_path, error, process(0)) is None


def test_one_process_and_an_interruption_are_left_alone(tmp_path: Path) -> None:
    error, interrupt = ValueError("a"), Interrupted(signal.SIGINT)
    assert first_failure(tmp_path, error, process(0, world=1)) is error
    assert first_failure(tmp_path, interrupt, process(0)) is interrupt
    assert not (tmp_path / ERROR_LOG).exists()


def test_out_of_memory_stays_what_it_is(tmp_path: Path) -> None:
    said = first_failure(tmp_path, MemoryError("4 GB"), process(1))
    assert isinstance(said, RankError)
    assert said.kind == "out_of_memory"


def test_a_rank_that_leaves_no_word(tmp_path: Path) -> None:
    said = first_failure(tmp_path, DIVERGED_STATES, process(0))
    assert isinstance(said, RankError)
    assert said.kind == "killed"
    assert "another rank has ended without a word" in str(said)
    assert "gloo" not in str(said)


@pytest.mark.parametrize("stopped", [False, True])
def test_a_killed_child_is_said_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], stopped: bool
) -> None:
    recorded: list[BaseException] = []
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child,
        listening(tmp_path, process(0, children=[child]), recorded.append, lambda: stopped),
    ):
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        end = time.monotonic() + (0.5 if stopped else 20)
        while not recorded and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.2)
    said = capsys.readouterr().err
    if stopped:
        assert not said
        assert not recorded
        return
    cause = "rank 1: killed by SIGKILL (by hand, or for want of memory)"
    assert said == f"error: {cause}; see {tmp_path / ERROR_LOG}\n"
    assert (tmp_path / ERROR_LOG).read_text() == f"rank 1\n{cause}\n"
    assert first_failure(tmp_path, DIVERGED_STATES, process(0)) is None

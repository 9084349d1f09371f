"""Signals at random moments of a training run."""

import signal
import time
from pathlib import Path

import pytest

from tests.faults.conftest import MOMENTS, TINY
from tests.faults.runs import age, checkpoint_of, now, same_end, state_of

pytestmark = pytest.mark.slow

INTERVAL = 0.2  # seconds between two checkpoints in these tests


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (signal.SIGKILL, "kill -9 of a run"),
        (signal.SIGTERM, "SIGTERM to a run"),
        (signal.SIGINT, "Ctrl-C in a run"),
    ],
)
def test_a_run_struck_at_any_moment_comes_to_the_same_end(
    number: int, fault: str, start, record, moments, undisturbed, tmp_path: Path
) -> None:
    overrides = [*TINY, f"callbacks.last.every_minutes={INTERVAL / 60}"]
    through, line = undisturbed(), record(fault)
    for i in range(MOMENTS):
        folder = tmp_path / str(i)
        begin = time.monotonic()
        command = start("train", *overrides, f"hydra.run.dir={folder}")
        command.wait_for(folder / "status.json")
        duration = 1.5 * (time.monotonic() - begin)
        time.sleep(moments.uniform(0, duration))
        struck = now()
        command.strike(number)
        status = command.wait()
        ended = state_of(folder)
        lost = 0.0
        if status == 0:
            detected = ended == "finished"  # it came too late
        elif number == signal.SIGKILL:
            detected = status == -number and ended in ("", "running", "finished")
        else:
            detected = status in (128 + number, -number) and ended in (
                "",
                "interrupted",
                "finished",
            )
        if ended != "finished":
            again = [f"hydra.run.dir={folder}"]
            if checkpoint_of(folder).exists():
                lost = age(checkpoint_of(folder), struck)
                again.append(f"ckpt_path={folder}")
            else:
                lost = struck - (folder / "status.json").stat().st_ctime
            assert start("train", *overrides, *again).wait() == 0, command.printed
        line.add(detected, same_end(folder, through), seconds=lost)
    if number == signal.SIGKILL:
        # The interval, one step and the writing of a checkpoint on a busy machine.
        assert line.seconds < INTERVAL + 5

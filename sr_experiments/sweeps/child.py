"""A job's process: started apart from the terminal, ended with the sweep, and why it ended."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from sr_experiments.errors import follows
from sr_experiments.runs.status import JOB_LOG, State, error_of, read_status, tail
from sr_experiments.worker import die_with_parent

_SEARCHED_LINES = 400
_OUT_OF_MEMORY = ("OutOfMemoryError", "out of memory", "can't allocate memory")
# The last line of a traceback, which torchrun marks with the rank.
_EXCEPTION = re.compile(r"(?:\[rank\d+\]:\s*)?([\w.]+(?:Error|Exception|Interrupt): .*)")


class Child:
    """A running job.

    It leads a session of its own, so that Ctrl-C reaches the sweep alone, which then decides.

    Args:
        command: what to run.
        environment: its variables.
        log: file that gets its output, after what is already there.
        keep_open: descriptor that it inherits; the sweep's lock, which thereby lasts as long as
            any job.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], log: Path, keep_open: int
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.started = time.monotonic()
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(keep_open,),
                preexec_fn=partial(die_with_parent, os.getpid()),
            )

    @property
    def seconds(self) -> float:
        """Since it was started."""
        return time.monotonic() - self.started

    def poll(self) -> int | None:
        """Its exit status; None while it runs, -N where signal N ended it."""
        status = self.process.poll()
        if status is not None:
            self.send(signal.SIGKILL)  # what it may have left in its session
        return status

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to it and to what it started in its session."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def wait(self, seconds: float) -> bool:
        """Waits for its end; whether it has ended."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


@contextmanager
def terminate_as_interrupt() -> Iterator[None]:
    """Within it, `kill` leaves no job behind unmarked."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def exit_reason(folder: Path, status: int) -> tuple[State, str]:
    """State and reason of a run that ended by itself, or by somebody else's signal, unfinished."""
    recorded = read_status(folder)
    if status == 0:
        return "failed", "it ended without a result"
    if recorded.get("state") == "interrupted":
        return "interrupted", error_of(recorded)[1]
    log = tail(folder / JOB_LOG, _SEARCHED_LINES)
    memory = any(sign in line for line in log for sign in _OUT_OF_MEMORY)
    prefix = "out of memory: " if memory else ""
    if status < 0:
        name = signal.Signals(-status).name
        hint = " (by hand, or for want of memory)" if name == "SIGKILL" and not memory else ""
        return "killed", f"{prefix}killed by {name}{hint}"
    return "failed", prefix + (_cause(log, recorded) or f"exit status {status}")


def _cause(log: Sequence[str], recorded: dict[str, Any]) -> str:
    """The message for the user, else the first exception that no other one has caused."""
    shown = [line.removeprefix("error: ") for line in log if line.startswith("error: ")]
    if shown:
        return shown[-1]
    raised = [match[1] for line in log if (match := _EXCEPTION.fullmatch(line.rstrip()))]
    first = [line for line in raised if not follows(line)]
    own = [said] if (said := error_of(recorded)[1]) else []
    last = [line.strip() for line in log if line.strip()][-1:]
    return next(iter([*first, *own, *raised, *last]), "")

"""A job's process: started apart from the terminal, ended with the sweep."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from sr_experiments.worker import die_with_parent


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

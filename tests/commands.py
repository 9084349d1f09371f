"""Commands that can be struck at any moment, started without the seconds that imports take."""

import itertools
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sr_experiments.cli import app
from sr_experiments.worker import die_with_parent

ROOT = Path(__file__).parents[1]
PRELOADED = (
    "matplotlib.pyplot",
    "sr_experiments.cli.commands.evaluate",
    "sr_experiments.cli.commands.prepare",
    "sr_experiments.cli.commands.report",
    "sr_experiments.cli.commands.train",
)

#: A server that has imported all this, and forks.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(list(PRELOADED))

_numbers = itertools.count()


class Command:
    """A command that runs in a process group of its own; what it prints goes to ``log``.

    Args:
        name: of a function in ``sr_experiments.cli.app`` and of a script in the root folder.
        overrides: its arguments.
        folder: where it runs.
        environment: variables to set; PYTHONPATH counts as if Python had been started with it.
    """

    def __init__(
        self,
        name: str,
        overrides: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"{name}-{next(_numbers)}.log"
        # A process of the server would start its own ones, as a loader's workers, from another.
        method = multiprocessing.get_start_method()
        arguments = (name, list(overrides), folder, self.log, dict(environment), method)
        self.process: Any = CONTEXT.Process(target=_run, args=arguments)
        self.process.start()

    def strike(self, number: int) -> None:
        """Sends a signal to the command alone, as a person or a scheduler would."""
        while not self.log.exists() and self.process.is_alive():
            time.sleep(0.001)  # until the fork has become the command
        if self.process.is_alive():
            os.kill(self.process.pid, number)

    def wait(self, seconds: float = 300) -> int:
        """The exit status, negative for a signal."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise TimeoutError(f"no end after {seconds} s:\n{self.printed}")
        return int(self.process.exitcode)

    def wait_for(self, path: Path, seconds: float = 120) -> None:
        """Returns once a file exists."""
        end = time.monotonic() + seconds
        while not path.exists():
            if time.monotonic() > end or not self.process.is_alive():
                raise AssertionError(f"{path} did not appear:\n{self.printed}")
            time.sleep(0.005)

    @property
    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


def _run(
    name: str,
    overrides: list[str],
    folder: Path,
    log: Path,
    environment: dict[str, str],
    method: str,
) -> None:
    multiprocessing.set_start_method(method, force=True)
    die_with_parent(os.getppid())
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(file, descriptor)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    os.environ.update(environment)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    os.chdir(folder)
    # A sweep starts its jobs by this name.
    sys.argv = [str(ROOT / f"{name}.py"), *overrides]
    getattr(app, name)()

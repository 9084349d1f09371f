"""One run at a time in a run folder, one sweep at a time in the folder of a sweep."""

import fcntl
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from sr_experiments.errors import ConfigError

_LOCK = ".lock"
# Seconds that the processes of what was just killed may take to end.
_PATIENCE = 5.0
_PATIENCE_OF_SWEEPS = 20.0


def lock_run(folder: Path, advice: str) -> IO[str]:
    """Locks a run folder until the returned file is closed, at the latest with the process.

    Args:
        folder: the run folder; made if it does not exist.
        advice: what to do where that cannot be had.

    Raises:
        ConfigError: another run works there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / _LOCK).open("a+", encoding="utf-8")
    # Not flock, which the loader's worker processes would inherit and keep after the run's death.
    if not _acquired(lambda: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB), _PATIENCE):
        file.seek(0)
        owner = f" ({' '.join(file.read().split())})"
        raise ConfigError(f"{folder}: another run works in this folder{owner}; {advice}")
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
    file.flush()
    return file


class SweepLock:
    """Held until its descriptor is closed here and in every process that inherited it.

    Args:
        folder: the sweep's folder.

    Raises:
        ConfigError: another sweep, or a job of one, still works in the folder.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        take = fcntl.LOCK_EX | fcntl.LOCK_NB
        if not _acquired(lambda: fcntl.flock(self.descriptor, take), _PATIENCE_OF_SWEEPS):
            os.close(self.descriptor)
            raise ConfigError(
                f"{folder}: another sweep works in this folder; wait for its end, or stop it"
            )

    def release(self) -> None:
        """Lets go of it."""
        os.close(self.descriptor)


def sweep_works(folder: Path) -> bool:
    """Whether a sweep on this machine holds its folder's lock."""
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _acquired(lambda: fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB), 0.0)
    finally:
        os.close(descriptor)


def _acquired(attempt: Callable[[], None], patience: float) -> bool:
    """Tries until it succeeds or ``patience`` seconds are over; file systems may have no locks."""
    end = time.monotonic() + patience
    while True:
        try:
            attempt()
        except (BlockingIOError, PermissionError):
            if time.monotonic() >= end:
                return False
            time.sleep(0.1)
        except OSError:
            return True
        else:
            return True

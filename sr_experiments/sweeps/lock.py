"""One sweep at a time in a folder."""

import fcntl
import os
import time
from pathlib import Path

from sr_experiments.errors import ConfigError


class FolderLock:
    """Held until its descriptor is closed here and in every process that inherited it.

    Args:
        folder: the sweep's folder.
        patience: seconds to wait for the jobs of a sweep that has just been killed.

    Raises:
        ConfigError: another sweep, or a job of one, still works in the folder.
    """

    def __init__(self, folder: Path, patience: float = 20.0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        end = time.monotonic() + patience
        while not self._try():
            if time.monotonic() > end:
                os.close(self.descriptor)
                raise ConfigError(
                    f"{folder}: another sweep works in this folder; wait for its end, or stop it"
                )
            time.sleep(0.2)

    def _try(self) -> bool:
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            pass  # a file system without locks
        return True

    def release(self) -> None:
        """Lets go of it."""
        os.close(self.descriptor)

"""What a sweep writes about its jobs, which a full disk delays and which ends no job."""

import time
from collections.abc import Callable
from pathlib import Path

from sr_experiments.runs.status import STATUS, record_end
from sr_experiments.sweeps.job import Job

_SECONDS_BETWEEN_TRIES = 5.0
_OPEN = ("waiting", "running", "finished")  # of a further attempt, which writes for itself


class Records:
    """Writes files, and writes again what could not be written.

    Args:
        folder: the sweep's, named in warnings.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.waiting: dict[Path, Callable[[], object]] = {}
        self.tried = 0.0

    def keep(self, path: Path, write: Callable[[], object]) -> None:
        """Writes a file or, with a warning, has it written later.

        Args:
            path: the file.
            write: writes it as things are when it is called.
        """
        self.waiting[path] = write
        if error := self._write():
            print(
                f"warning: cannot write {path} ({error.strerror}); the jobs go on; make space in "
                f"the sweep folder {self.folder} to have it written again",
                flush=True,
            )

    def end(self, job: Job) -> None:
        """Completes the status of a job whose attempt could not do so itself."""

        def write() -> None:
            if job.state not in _OPEN:
                record_end(job.folder, job.state, job.error, job.seconds)

        self.keep(job.folder / STATUS, write)

    def retry(self) -> None:
        """Now and then tries again what could not be written."""
        if not self.waiting or time.monotonic() < self.tried + _SECONDS_BETWEEN_TRIES:
            return
        delayed = list(self.waiting)
        if self._write() is None:
            print(f"written now: {', '.join(map(str, delayed))}", flush=True)

    def close(self) -> None:
        """Tries a last time, and names what could not be written."""
        if self._write():
            print(f"warning: not written: {', '.join(map(str, self.waiting))}", flush=True)

    def _write(self) -> OSError | None:
        """Why what is left could not be written; None where all is."""
        failed = None
        for path, write in list(self.waiting.items()):
            try:
                write()
            except OSError as error:
                failed = error
            else:
                del self.waiting[path]
        self.tried = time.monotonic() if failed else 0.0
        return failed

"""Which of several processes failed first, so that one line is said instead of all tracebacks."""

import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytorch_lightning as pl

from sr_experiments.errors import Interrupted, RankError, UserError, kind_of
from sr_experiments.sweeps.verdict import is_consequence

ERROR_LOG = "error.log"
_PATIENCE = 3.0  # seconds from the end of one process until the others must have heard why
_POLL_SECONDS = 0.1


def first_failure(folder: Path, error: BaseException, trainer: pl.Trainer) -> BaseException | None:
    """The error to record and to show; None where another process does that.

    The first one leaves its traceback in ``error.log``, which makes it the first. Lost connections
    are consequences of another one's end, and only said where that had no time for a word.

    Args:
        folder: the run folder.
        error: what this process was stopped by.
        trainer: of this process.
    """
    if trainer.world_size == 1:
        return error
    log, consequence = folder / ERROR_LOG, is_consequence(error)
    end = time.monotonic() + _PATIENCE * consequence
    while not log.exists() and time.monotonic() < end:
        time.sleep(_POLL_SECONDS)
    if isinstance(error, Interrupted):  # by the launcher too, where another one has failed
        return None if log.exists() else error
    try:
        if not _is_first(log, trainer.global_rank, traceback.format_exception(error)):
            return None
    except OSError:
        return error
    if isinstance(error, UserError):
        return error
    cause = f"rank {trainer.global_rank}: {type(error).__name__}: {' '.join(str(error).split())}"
    if consequence:
        cause = "another rank has ended without a word, as when it is killed for want of memory"
    return _named(f"{cause}; see {log}", "killed" if consequence else kind_of(error))


@contextmanager
def listening(
    folder: Path,
    trainer: pl.Trainer,
    record: Callable[[BaseException], None],
    stopped: Callable[[], bool],
) -> Iterator[None]:
    """Says and records it at once when a process that this one has started is killed.

    Lightning's launcher kills this one too some seconds later, whatever it is about to say.

    Args:
        folder: the run folder.
        trainer: of this process.
        record: records an error.
        stopped: whether this process was asked to stop, and stops the others.
    """
    end = threading.Event()

    def listen() -> None:
        while not end.wait(_POLL_SECONDS):
            children = list(getattr(trainer.strategy.launcher, "procs", ()))
            for rank, child in enumerate(children, start=1):
                status = child.poll()
                if status is None or status >= 0 or stopped():
                    continue
                text = f"rank {rank}: killed by {signal.Signals(-status).name}"
                text += " (by hand, or for want of memory)"
                if _is_first(folder / ERROR_LOG, rank, [f"{text}\n"]):
                    record(error := _named(text, "killed"))
                    sys.stderr.write(f"error: {error}\n")
                return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()  # or the process might end between its mark in the log and its word


def _is_first(log: Path, rank: int, text: list[str]) -> bool:
    """Writes what stopped a process, unless another one has done so."""
    try:
        with log.open("x", encoding="utf-8") as file:
            file.writelines([f"rank {rank}\n", *text])
    except FileExistsError:
        return False
    return True


def _named(text: str, kind: str) -> RankError:
    error = RankError(text)
    error.kind = kind
    return error

"""Keeps ``status.json`` true, however a run ends, in whichever of its processes."""

import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from pytorch_lightning.loggers import Logger, WandbLogger
from pytorch_lightning.utilities import rank_zero_only
from torch import distributed

from sr_experiments.errors import (
    Interrupted,
    LostWorkerError,
    RankError,
    UserError,
    is_consequence,
    kind_of,
)
from sr_experiments.runs.checkpoints import newest_checkpoint
from sr_experiments.runs.command import is_job, resume_command, sync_command
from sr_experiments.runs.folder import ERROR_LOG, RunFolder
from sr_experiments.signals import StopSignals
from sr_experiments.worker import is_lost_worker

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
                if _is_first(log := folder / ERROR_LOG, rank, [f"{text}\n"]):
                    record(error := _named(f"{text}; see {log}", "killed"))
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


@contextmanager
def record_run(
    folder: RunFolder, trainer: pl.Trainer, signals: StopSignals | None = None
) -> Iterator[dict[str, float]]:
    """Records how the enclosed run ends; it may put its final metrics into the yielded mapping.

    Args:
        folder: the run folder.
        trainer: of the run; its loggers are closed.
        signals: what a signal asked of the run.

    Raises:
        Interrupted: a signal ended it.
        RankError: of several processes this is the first to fail; the others end silently.
    """
    metrics: dict[str, float] = {}
    signals = signals or StopSignals()
    exit_code = 0
    lost = partial(folder.status, "failed", None)
    with signals, listening(folder.path, trainer, lost, lambda: bool(signals.number)):
        try:
            yield metrics
        except BaseException as raised:
            error = first_failure(folder.path, _meant(raised, folder.path), trainer)
            if error is None:
                sys.exit(exit_code := 1)
            folder.writes = folder.writes or not isinstance(error, Interrupted)
            interrupted = isinstance(error, Interrupted)
            exit_code = 255 if interrupted else 1
            newest = {k: float(v) for k, v in trainer.callback_metrics.items()}
            folder.status("interrupted" if interrupted else "failed", newest, error)
            if isinstance(error, Interrupted):
                _say_how_to_continue(folder.path, trainer)
                if trainer.global_rank:
                    # Or the launcher, which sees a process fail, kills the first while it writes.
                    sys.exit(0)
            if error is raised:
                raise
            raise error from None
        else:
            folder.status("finished", metrics)
        finally:
            _close(trainer.loggers, exit_code, folder.path)
            signals.pass_on()
    if distributed.is_available() and distributed.is_initialized():
        # Or its threads may abort Python at its end, and a finished run would count as killed.
        distributed.destroy_process_group()


@rank_zero_only
def _say_how_to_continue(folder: Path, trainer: pl.Trainer) -> None:
    if not newest_checkpoint(folder):
        sys.stderr.write("interrupted; nothing was saved yet\n")
        return
    said = f"interrupted at step {trainer.global_step}"
    if not is_job():  # of a sweep, the same command again continues all jobs
        hydra: Any = HydraConfig.get()
        said += f"; continue with: {resume_command(folder, hydra)}"
    sys.stderr.write(f"{said}\n")


def _close(loggers: Sequence[Logger], exit_code: int, folder: Path) -> None:
    """Ends what the loggers have begun, and says how to upload a run that was logged offline.

    Args:
        loggers: those of the run.
        exit_code: 0 for a run that finished, 255 for an interrupted one, else 1: W&B's codes.
        folder: the run folder.
    """
    for logger in loggers:
        logger.finalize("success" if exit_code == 0 else "failed")
        if finish := getattr(logger, "finish", None):  # Trackio's
            finish()
        if isinstance(logger, WandbLogger):
            import wandb

            # Or a later run in this process would write into this one.
            wandb.finish(exit_code=exit_code)
            if command := sync_command(folder):
                rank_zero_only(print)(f"upload: {command}", flush=True)


def _meant(error: BaseException, folder: Path) -> BaseException:
    """Lightning turns an impatient Ctrl-C into an exit with status 1; torch has few classes."""
    if is_lost_worker(error):
        said = " ".join(str(error).split()).rstrip(". ")
        return LostWorkerError(
            f"a process of data.num_workers was killed ({said}), as a rule since memory is short; "
            f"continue with ckpt_path={folder}"
        )
    keyed = isinstance(error, SystemExit) and isinstance(error.__context__, KeyboardInterrupt)
    if keyed or isinstance(error, KeyboardInterrupt):
        return Interrupted(signal.SIGINT)
    return error

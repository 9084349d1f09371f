"""Keeps ``status.json`` true, however a run ends."""

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from pytorch_lightning.utilities import rank_zero_only
from torch import distributed

from sr_experiments.cli.first_failure import first_failure, listening
from sr_experiments.cli.loggers import close
from sr_experiments.cli.run_folder import RunFolder
from sr_experiments.errors import Interrupted
from sr_experiments.run_checkpoints import newest_checkpoint
from sr_experiments.sweeps.command import JOB_MARK, continuing_command
from sr_experiments.training.signals import StopSignals


@contextmanager
def recorded(
    folder: RunFolder, trainer: pl.Trainer, signals: StopSignals | None = None
) -> Iterator[dict[str, float]]:
    """Records how the enclosed run ends; it may put its final metrics into the yielded mapping.

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
            error = first_failure(folder.path, _meant(raised), trainer)
            if error is None:
                sys.exit(exit_code := 1)
            folder.writes = folder.writes or not isinstance(error, Interrupted)
            interrupted = isinstance(error, Interrupted)
            state, exit_code = ("interrupted", 255) if interrupted else ("failed", 1)
            newest = {k: float(v) for k, v in trainer.callback_metrics.items()}
            folder.status(state, newest, error)
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
            close(trainer.loggers, exit_code, folder.path)
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
    hydra: Any = HydraConfig.get()
    # In a sweep, the same command again continues all of its jobs.
    alone = hydra.mode == RunMode.RUN and JOB_MARK not in os.environ
    if alone:
        command = shlex.join(continuing_command(folder, hydra))
        said += f"; continue with: {command}"
    sys.stderr.write(f"{said}\n")


def _meant(error: BaseException) -> BaseException:
    """Lightning turns an impatient Ctrl-C into an exit with status 1."""
    keyed = isinstance(error, SystemExit) and isinstance(error.__context__, KeyboardInterrupt)
    if keyed or isinstance(error, KeyboardInterrupt):
        return Interrupted(signal.SIGINT)
    return error

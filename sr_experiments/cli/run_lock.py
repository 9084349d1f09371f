"""One run at a time in a folder, and none over another one's results."""

import fcntl
import os
import socket
import time
from pathlib import Path
from typing import IO

from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.errors import ConfigError
from sr_experiments.run_checkpoints import CHECKPOINTS
from sr_experiments.sweeps.status import read_status

_PATIENCE = 5.0  # seconds that the processes of a run that was just killed may take to end


@rank_zero_only
def claim(folder: Path, continued: bool, trains: bool) -> IO[str] | None:
    """Locks a run folder until the returned file is closed, at the latest with the process.

    Args:
        folder: the run folder; made if it does not exist.
        continued: whether this run goes on with the one in the folder.
        trains: whether it is one that can be continued.

    Raises:
        ConfigError: another run works there, or it holds results that this one would replace.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / ".lock").open("a+", encoding="utf-8")
    end = time.monotonic() + _PATIENCE
    while not _locked(file):
        if time.monotonic() > end:
            file.seek(0)
            owner = f" ({' '.join(file.read().split())})"
            raise ConfigError(
                f"{folder}: another run works in this folder{owner}; "
                f"{'when it has ended, ' * trains}{_ways(folder, trains)}"
            )
        time.sleep(0.1)
    if not continued and (state := _state(folder)):
        raise ConfigError(f"{folder}: holds {state}; {_ways(folder, trains)}")
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
    file.flush()
    return file


def _locked(file: IO[str]) -> bool:
    # Not flock, which the loader's worker processes would inherit and keep after the run's death.
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        pass  # a file system without locks
    return True


def _state(folder: Path) -> str:
    """What a new run would replace; empty where that is nothing."""
    state = read_status(folder).get("state")
    if state == "finished":
        return "a finished run"
    kept = any((folder / CHECKPOINTS).glob("*.ckpt"))
    return f"checkpoints of a run that is {state or 'not recorded'}" if kept else ""


def _ways(folder: Path, trains: bool) -> str:
    other = "choose another folder with hydra.run.dir=..."
    if not trains:
        return other
    return f"continue it with ckpt_path={folder} hydra.run.dir={folder}, or {other}"

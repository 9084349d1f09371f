"""Whether a run that calls itself running is alive."""

import fcntl
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from sr_experiments.studies.run import State

_ALIVE_SECONDS = 600
_WRITTEN = ("status.json", "metrics.csv", "job.log")


def state_of(folder: Path, status: Mapping[str, Any], begun: bool) -> tuple[State, str]:
    """How the run stands, and why it did not finish.

    Args:
        folder: the run folder.
        status: its ``status.json``; empty without one.
        begun: whether it has recorded its configuration.
    """
    state, error = status.get("state"), str(status.get("error") or "")
    if state == "failed":
        kinds: dict[str, State] = {"training diverged": "diverged", "the network is dead": "dead"}
        return next((kind for words, kind in kinds.items() if words in error), "failed"), error
    for known in get_args(State):
        if state == known != "running":
            return known, error
    if state not in (None, "running"):
        return "unreadable", f"status.json: there is no state {state!r}"
    seen = max(changed(folder / name) for name in _WRITTEN)
    if time.time() - seen < _ALIVE_SECONDS or (state and _worked_on(folder.parent)):
        return "running", ""
    if not begun and state is None:
        return "failed", f"ended before it began: {_last_words(folder / 'job.log')}"
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(seen)) if seen else "its beginning"
    return "killed", f"no sign of life since {when}"


def changed(path: Path) -> float:
    """When a file was last written, in seconds since 1970; 0 without it."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _worked_on(sweep: Path) -> bool:
    """Whether a sweep on this machine holds its folder's lock."""
    try:
        descriptor = os.open(sweep / ".lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass  # a file system without locks
    finally:
        os.close(descriptor)
    return False


def _last_words(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4000))
            lines = file.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return "there is no job.log"
    return next((line.strip() for line in reversed(lines) if line.strip()), "job.log is empty")

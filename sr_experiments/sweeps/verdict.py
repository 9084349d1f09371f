"""Why a job ended, from its exit status, its record and its log."""

import re
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sr_experiments.sweeps.job import FAILED, FINISHED, INTERRUPTED, KILLED
from sr_experiments.sweeps.status import read_status, tail

_SEARCHED_LINES = 400
_OUT_OF_MEMORY = ("OutOfMemoryError", "out of memory", "can't allocate memory")
# The last line of a traceback, which torchrun marks with the rank.
_EXCEPTION = re.compile(r"(?:\[rank\d+\]:\s*)?([\w.]+(?:Error|Exception|Interrupt): .*)")
# What the other ranks say when one is gone, and what torchrun says at the end.
_CONSEQUENCES = ("by peer", "remote worker", "ChildFailedError", "DistBackendError", "Broken pipe")


def verdict(folder: Path, status: int) -> tuple[str, str]:
    """State and reason of a job that ended by itself, or by somebody else's signal."""
    recorded = read_status(folder)
    if status == 0:
        if recorded.get("state") == FINISHED:
            return FINISHED, ""
        return FAILED, "it ended without a result"
    if recorded.get("state") == INTERRUPTED:
        return INTERRUPTED, str(recorded.get("error") or "")
    log = tail(folder / "job.log", _SEARCHED_LINES)
    memory = any(sign in line for line in log for sign in _OUT_OF_MEMORY)
    prefix = "out of memory: " if memory else ""
    if status < 0:
        name = signal.Signals(-status).name
        hint = " (by hand, or for want of memory)" if name == "SIGKILL" and not memory else ""
        return KILLED, f"{prefix}killed by {name}{hint}"
    return FAILED, prefix + (_cause(log, recorded) or f"exit status {status}")


def is_consequence(error: BaseException) -> bool:
    """Whether an error says no more than that another process of the run is gone."""
    text = f"{type(error).__name__}: {error}"
    return any(sign in text for sign in _CONSEQUENCES)


def _cause(log: Sequence[str], recorded: dict[str, Any]) -> str:
    """The message for the user, else the first exception that no other one has caused."""
    said = [line.removeprefix("error: ") for line in log if line.startswith("error: ")]
    if said:
        return said[-1]
    raised = [match[1] for line in log if (match := _EXCEPTION.fullmatch(line.rstrip()))]
    first = [line for line in raised if not any(sign in line for sign in _CONSEQUENCES)]
    own = [str(recorded["error"])] if recorded.get("error") else []
    last = [line.strip() for line in log if line.strip()][-1:]
    return next(iter([*first, *own, *raised, *last]), "")

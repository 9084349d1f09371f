"""Why the process of a run ended, from its exit status, its record and its log."""

import re
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sr_experiments.errors import follows
from sr_experiments.runs.status import JOB_LOG, State, error_of, read_status, tail

_SEARCHED_LINES = 400
_OUT_OF_MEMORY = ("OutOfMemoryError", "out of memory", "can't allocate memory")
# The last line of a traceback, which torchrun marks with the rank.
_EXCEPTION = re.compile(r"(?:\[rank\d+\]:\s*)?([\w.]+(?:Error|Exception|Interrupt): .*)")


def exit_reason(folder: Path, status: int) -> tuple[State, str]:
    """State and reason of a run that ended by itself, or by somebody else's signal."""
    recorded = read_status(folder)
    if status == 0:
        if recorded.get("state") == "finished":
            return "finished", ""
        return "failed", "it ended without a result"
    if recorded.get("state") == "interrupted":
        return "interrupted", error_of(recorded)[1]
    log = tail(folder / JOB_LOG, _SEARCHED_LINES)
    memory = any(sign in line for line in log for sign in _OUT_OF_MEMORY)
    prefix = "out of memory: " if memory else ""
    if status < 0:
        name = signal.Signals(-status).name
        hint = " (by hand, or for want of memory)" if name == "SIGKILL" and not memory else ""
        return "killed", f"{prefix}killed by {name}{hint}"
    return "failed", prefix + (_cause(log, recorded) or f"exit status {status}")


def _cause(log: Sequence[str], recorded: dict[str, Any]) -> str:
    """The message for the user, else the first exception that no other one has caused."""
    shown = [line.removeprefix("error: ") for line in log if line.startswith("error: ")]
    if shown:
        return shown[-1]
    raised = [match[1] for line in log if (match := _EXCEPTION.fullmatch(line.rstrip()))]
    first = [line for line in raised if not follows(line)]
    own = [said] if (said := error_of(recorded)[1]) else []
    last = [line.strip() for line in log if line.strip()][-1:]
    return next(iter([*first, *own, *raised, *last]), "")

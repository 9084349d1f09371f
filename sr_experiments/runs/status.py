"""``status.json``, and how a run stands: one vocabulary for runs, sweeps and readers."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from sr_experiments.errors import kind_of
from sr_experiments.files import write_whole
from sr_experiments.runs.lock import sweep_works
from sr_experiments.runs.run_files import METRICS

#: How a run stands. Diverged and dead runs have failed by what they tested, the others by accident.
State = Literal[
    "finished",
    "running",
    "diverged",
    "dead",
    "failed",
    "killed",
    "timeout",
    "interrupted",
    "pruned",
    "waiting",
    "unreadable",
]
#: States of runs that failed by what they tested: evidence against their configuration.
DIVERGED_STATES: tuple[State, ...] = ("diverged", "dead")

STATUS, JOB_LOG = "status.json", "job.log"
#: 0: without ``schema``; 1: ``error`` is text; 2: it has ``kind`` and ``message``, or is null.
SCHEMA = 2
_WRITTEN = (STATUS, METRICS, JOB_LOG)
_ALIVE_SECONDS = 600
_TAIL_LINES = 20
# What ended a run from outside; its own record knows the other kinds.
_KINDS = {"killed": "killed", "timeout": "killed", "interrupted": "interrupted", "pruned": "pruned"}
# Before there were kinds, the words of an error told them.
_FORMER_WORDS = {"training diverged": "diverged", "the network is dead": "dead"}


def write_status(
    folder: Path,
    state: State,
    seconds: float,
    metrics: Mapping[str, float],
    error: BaseException | None = None,
) -> None:
    """Records how a run stands in its folder.

    Args:
        folder: the run folder.
        state: the run's.
        seconds: wall-clock seconds so far.
        metrics: the newest value of each.
        error: what ended it; its kind and its message are recorded.
    """
    said = f"{type(error).__name__}: {error}"
    _write(
        folder,
        {
            "state": state,
            "schema": SCHEMA,
            "seconds": round(seconds, 1),
            "metrics": dict(metrics),
            "error": {"kind": kind_of(error), "message": said} if error else None,
        },
    )


def read_status(folder: Path) -> dict[str, Any]:
    """The recorded status; empty where a run never began to write one."""
    try:
        content = json.loads((folder / STATUS).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return {}
    return current_status(content) if isinstance(content, dict) else {}


def current_status(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a ``status.json``, of whatever version, as this version would write it."""
    error, kind = content.get("error"), content.get("kind")
    if not isinstance(error, Mapping) and (error or kind):
        by_words = (kind for words, kind in _FORMER_WORDS.items() if words in str(error))
        kind = kind or _KINDS.get(str(content.get("state"))) or next(by_words, "failed")
        error = {"kind": kind, "message": str(error or "")}
    return {**{key: value for key, value in content.items() if key != "kind"}, "error": error}


def error_of(status: Mapping[str, Any]) -> tuple[str, str]:
    """Kind and message of a recorded error; empty where there is none."""
    error = status.get("error")
    if not isinstance(error, Mapping):
        return "", ""
    return str(error.get("kind") or ""), str(error.get("message") or "")


def record_end(folder: Path, state: State, error: str, seconds: float) -> None:
    """Completes the status of a run that could not do so itself.

    Its metrics and the kind of its error stay; the last lines of ``job.log`` are added. Nothing is
    changed where it has recorded that it finished, whatever became of its process afterwards.

    Args:
        folder: the run folder.
        state: how its process ended.
        error: why, in words.
        seconds: wall-clock seconds in all.
    """
    recorded = read_status(folder)
    if recorded.get("state") == "finished":
        return
    kind = _KINDS.get(state) or error_of(recorded)[0] or "failed"
    status = {"schema": SCHEMA, "metrics": {}, **recorded}
    status |= {"state": state, "seconds": round(seconds, 1)}
    status |= {"error": {"kind": kind, "message": error}, "log": tail(folder / JOB_LOG)}
    _write(folder, status)


def infer_state(folder: Path, status: Mapping[str, Any], begun: bool) -> tuple[State, str]:
    """How the run stands, and why it did not finish.

    A run that calls itself running and has shown no sign of life for ten minutes was killed.

    Args:
        folder: the run folder.
        status: its ``status.json``; empty without one.
        begun: whether it has recorded its configuration.
    """
    state, (kind, error) = status.get("state"), error_of(status)
    for lost in DIVERGED_STATES:
        if (state, kind) == ("failed", lost):
            return lost, error
    for known in get_args(State):
        if state == known != "running":
            return known, error
    if state not in (None, "running"):
        return "unreadable", f"{STATUS}: there is no state {state!r}"
    seen = max(changed(folder / name) for name in _WRITTEN)
    if time.time() - seen < _ALIVE_SECONDS or (state and sweep_works(folder.parent)):
        return "running", ""
    if not begun and state is None:
        return "failed", f"ended before it began: {_last_words(folder / JOB_LOG)}"
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(seen)) if seen else "its beginning"
    return "killed", f"no sign of life since {when}"


def changed(path: Path) -> float:
    """When a file was last written, in seconds since 1970; 0 without it."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def tail(path: Path, lines: int = _TAIL_LINES) -> list[str]:
    """The last lines of a text file; none if there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 200 * lines))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return text.splitlines()[-lines:]


def _write(folder: Path, content: Mapping[str, Any]) -> None:
    write_whole(folder / STATUS, json.dumps(content, indent=2) + "\n")


def _last_words(log: Path) -> str:
    if not log.is_file():
        return f"there is no {JOB_LOG}"
    words = (line.strip() for line in reversed(tail(log)) if line.strip())
    return next(words, f"{JOB_LOG} is empty")

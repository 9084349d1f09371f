"""``status.json`` and ``config.yaml`` of run folders, read and completed from outside the run."""

import json
from pathlib import Path
from typing import Any

import yaml

from sr_experiments.files import write_whole
from sr_experiments.runs.former_names import current_names

_TAIL_LINES = 20
# What ended a run from outside; its own record knows the other kinds.
_KINDS = {"killed": "killed", "timeout": "killed", "interrupted": "interrupted"}


def read_status(folder: Path) -> dict[str, Any]:
    """The recorded status; empty where a run never began to write one."""
    try:
        content = json.loads((folder / "status.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return {}
    return content if isinstance(content, dict) else {}


def read_config(folder: Path) -> dict[str, Any] | None:
    """The recorded configuration; None where there is none."""
    try:
        content = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return None
    return current_names(content) if isinstance(content, dict) else None


def record_end(folder: Path, state: str, error: str, seconds: float) -> None:
    """Completes the status of a run that could not do so itself.

    Metrics, and an error that the run recorded, stay; the last lines of ``job.log`` are added.
    """
    status = {"metrics": {}, **read_status(folder)}
    status |= {"state": state, "seconds": round(seconds, 1), "error": error}
    status["kind"] = _KINDS.get(state) or status.get("kind") or "failed"
    status["log"] = tail(folder / "job.log")
    write_whole(folder / "status.json", json.dumps(status, indent=2) + "\n")


def tail(path: Path, lines: int = _TAIL_LINES) -> list[str]:
    """The last lines of a text file; none if there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 200 * lines))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return text.splitlines()[-lines:]

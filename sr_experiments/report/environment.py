"""Where runs ran, and the commands that repeat them."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sr_experiments.report.code_notes import code_notes
from sr_experiments.runs.command import without_location
from sr_experiments.runs.identity import flatten
from sr_experiments.runs.read import Run
from sr_experiments.runs.run_files import read_overrides

# Of these, a sentence says what they mean.
_CODE = ("git", "git_changes", "git_diff", "code")


def make_environment(runs: Sequence[Run]) -> tuple[dict[str, Any], list[str]]:
    """Versions and hardware, with all values where runs differ, and notes on those."""
    found = [_flat(run.environment) for run in runs if run.environment]
    environment: dict[str, Any] = {}
    notes = []
    for key in dict.fromkeys(key for each in found for key in each):
        values = list(dict.fromkeys(each.get(key, "not recorded") for each in found))
        environment[key] = values[0] if len(values) == 1 else " | ".join(values)
        if len(values) > 1 and key not in _CODE:
            notes.append(f"Runs differ in {key}: {', '.join(values)}.")
    notes[:0] = code_notes(runs)
    if any(run.environment.get("git_changes") for run in runs):
        notes.append("Some code was changed since the commit that is named (git_changes).")
    return environment, notes


def make_commands(runs: Sequence[Run]) -> list[str]:
    """What to type to run the same again: a line for each sweep and each single run."""
    commands: dict[str, None] = {}
    for run in runs:
        script = _script(run)
        if run.folder.name.isdecimal() and (typed := read_overrides(run.folder.parent)) is not None:
            commands[_line(script, ["-m", *typed])] = None
        elif run.overrides:
            commands[_line(script, run.overrides)] = None
    return list(commands)


def _line(script: str, typed: Sequence[str]) -> str:
    return shlex.join(["python", script, *without_location(typed)])


def _script(run: Run) -> str:
    """The script in the project that does what the run's command did."""
    task = run.config.get("task_name")
    command = run.environment.get("command")
    name = Path(str(command[0])).name if isinstance(command, list) and command else ""
    return name if name.endswith(".py") and name != "__main__.py" else f"{task or 'train'}.py"


def _flat(environment: dict[str, Any]) -> dict[str, str]:
    flat = {key: value for key, value in flatten(environment).items() if key != "command"}
    return {
        key: ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
        for key, value in flat.items()
    }

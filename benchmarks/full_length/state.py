"""A run's state on its way between machines: what is needed to go on, or to read the result.

Paths of the machine stay behind: those in the run folder begin there, of others the name is left.

python -m benchmarks.full_length.state CELL [SEED]: copies it from ``outputs`` to ``runs``.
"""

import re
import sys
from pathlib import Path
from typing import Any

import torch
import yaml

from benchmarks.full_length.cells import CARRIED, find_cell, folder_of
from sr_experiments.errors import UserError
from sr_experiments.files import whole_file, write_whole
from sr_experiments.inference.checkpoints import read_checkpoint
from sr_experiments.runs.checkpoints import CHECKPOINTS, LAST, newest_checkpoint
from sr_experiments.runs.run_files import CONFIG, METRICS, OVERRIDES, RESULTS
from sr_experiments.runs.status import DIVERGED_STATES, STATUS, error_of, read_status
from sr_experiments.weight_file import read_weight_file

STARTS = "starts.jsonl"
_FILES = (METRICS, STATUS, CONFIG, OVERRIDES, RESULTS, "wandb_id", STARTS)

# An absolute path, or an override whose value is one.
_PATH = re.compile(r"(?P<key>([\w.+~@]+=)?)(?P<path>/.*)")


def main() -> None:
    try:
        cell, seed = find_cell(sys.argv[1]), int((sys.argv[2:] or ["0"])[0])
        source, target = folder_of(cell, seed), folder_of(cell, seed, CARRIED)
        steps = copy_state(source, target)
        print(f"{target}: {cell.name}, seed {seed}, at step {steps}")
    except UserError as error:
        sys.exit(f"error: {error}")


def copy_state(source: Path, target: Path) -> int:
    """Copies a run's state, also of one that is going on; the steps that it has done.

    Raises:
        UserError: there is nothing to go on from.
    """
    steps = steps_done(source)
    if not steps:
        raise UserError(f"{source}: has no whole checkpoint yet")
    (target / CHECKPOINTS).mkdir(parents=True, exist_ok=True)
    # The checkpoint first: rows that a run adds meanwhile are left out when it is continued.
    if checkpoint := newest_checkpoint(source):
        content = portable(read_weight_file(checkpoint), source.absolute())
        with whole_file(target / CHECKPOINTS / LAST) as file:
            torch.save(content, file)
    for name in _FILES:
        if (source / name).is_file():
            _copy(source / name, target / name)
    return steps


def portable(content: Any, folder: Path) -> Any:
    """Nested values with paths, also those of overrides, as any machine may have them.

    Args:
        content: dictionaries and lists, which are changed.
        folder: the run folder, absolute.
    """
    if isinstance(content, dict):
        renamed = {portable(k, folder): portable(v, folder) for k, v in content.items()}
        content.clear()
        content.update(renamed)
    elif isinstance(content, list):
        content[:] = [portable(value, folder) for value in content]
    elif isinstance(content, str) and (match := _PATH.fullmatch(content)):
        path = Path(match["path"])
        inside = path.is_relative_to(folder)
        return match["key"] + (str(path.relative_to(folder)) if inside else path.name)
    return content


def steps_done(folder: Path) -> int:
    """Optimizer steps up to the newest whole checkpoint; 0 where there is none."""
    checkpoint = newest_checkpoint(folder)
    return int(read_checkpoint(checkpoint)["global_step"]) if checkpoint else 0


def fetch_state(folder: Path, carried: Path) -> None:
    """Takes over the state from another machine, if that has come further."""
    if not has_ended(folder) and steps_done(carried) > steps_done(folder):
        print(f"takes over {carried}", flush=True)
        copy_state(carried, folder)


def has_ended(folder: Path) -> str:
    """How a run has ended for good: finished, diverged or dead; empty where it can go on."""
    status = read_status(folder)
    if status.get("state") == "finished":
        return "finished"
    kind, _ = error_of(status)
    return kind if kind in DIVERGED_STATES else ""


def _copy(source: Path, target: Path) -> None:
    text = source.read_text(encoding="utf-8")
    if source.suffix == ".yaml":
        content = portable(yaml.safe_load(text), source.parent.absolute())
        text = yaml.safe_dump(content, sort_keys=False)
    write_whole(target, text)


if __name__ == "__main__":
    main()

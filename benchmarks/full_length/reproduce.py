"""Runs one cell of ``cells.yaml`` in full length, or goes on where it stands.

python -m benchmarks.full_length.reproduce CELL [SEED] [override ...]

What ran before in ``outputs/full_length`` is continued; so is a state in ``runs`` that came from
another machine, if it is further. Computed in bfloat16 where the processor has instructions for
it, in float32 otherwise; a run that is continued stays with what it began in.
"""

import json
import os
import sys
from pathlib import Path

from benchmarks.full_length.cells import CARRIED, Cell, find_cell, folder_of, overrides_of
from benchmarks.full_length.state import STARTS, fetch_state, has_ended, steps_done
from sr_experiments.errors import UserError
from sr_experiments.runs.checkpoints import newest_checkpoint
from sr_experiments.runs.command import quote_path
from sr_experiments.runs.folder import environment
from sr_experiments.runs.run_files import read_config
from sr_experiments.sweeps.estimate import processor_has_bf16, processor_name

TRAIN = Path(__file__).parents[2] / "train.py"


def main() -> None:
    try:
        cell, seed, typed = _arguments(sys.argv[1:])
        folder = folder_of(cell, seed)
        fetch_state(folder, folder_of(cell, seed, CARRIED))
        if end := has_ended(folder):
            print(f"{cell.name}, seed {seed}: {end}, in {folder}; remove it to run it anew")
            return
        command = [sys.executable, str(TRAIN), *arguments(cell, seed, folder, typed)]
    except UserError as error:
        sys.exit(f"error: {error}")
    note_start(folder)
    os.execv(command[0], command)  # so that signals reach the training itself


def arguments(cell: Cell, seed: int, folder: Path, typed: list[str]) -> list[str]:
    """What ``train.py`` is told, to begin the run in this folder or to continue it."""
    recorded = (read_config(folder) or {}).get("device", {})
    precision = recorded.get("precision") or ("bf16-mixed" if processor_has_bf16() else "32-true")
    own = ["callbacks.last.every_minutes=2", f"device.precision={precision}"]
    given = {o.partition("=")[0] for o in (*cell.overrides, *typed)}
    kept = [o for o in own if o.partition("=")[0] not in given]
    place = [f"hydra.run.dir={quote_path(folder)}"]
    if newest_checkpoint(folder):
        place.append(f"ckpt_path={quote_path(folder)}")
    return [*overrides_of(cell, seed, [*kept, *typed]), *place]


def note_start(folder: Path) -> None:
    """Adds a line to ``starts.jsonl``: from which step, on what machine, by which commit."""
    here = environment()
    line = {key: here[key] for key in ("git", "git_changes", "packages", "processors", "gpus")}
    line["processor"] = processor_name()
    line["step"] = steps_done(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / STARTS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _arguments(typed: list[str]) -> tuple[Cell, int, list[str]]:
    if not typed:
        raise UserError("give a cell: make reproduce CELL=vdsr/table1/residual_1e-1")
    name, *rest = typed
    seed = int(rest.pop(0)) if rest and rest[0].isdecimal() else 0
    return find_cell(name), seed, rest


if __name__ == "__main__":
    main()

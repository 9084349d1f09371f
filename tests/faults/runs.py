"""What a run has left behind, and whether two runs came to the same end."""

import csv
import json
import time
from pathlib import Path
from typing import Any

import torch

#: Ends of the columns that hold times, which never repeat.
TIMES = ("seconds", "data_wait")


def state_of(folder: Path) -> str:
    """``state`` of status.json; empty where there is none."""
    path = folder / "status.json"
    return str(json.loads(path.read_text())["state"]) if path.exists() else ""


def checkpoint_of(folder: Path) -> Path:
    return folder / "checkpoints" / "last.ckpt"


def training_state(folder: Path) -> dict[str, Any]:
    """Weights, optimizers, schedules and steps of the newest checkpoint."""
    content = torch.load(checkpoint_of(folder), weights_only=True)
    names = ("state_dict", "optimizer_states", "lr_schedulers", "global_step", "epoch")
    return {name: content[name] for name in names}


def rows(folder: Path) -> list[dict[str, str]]:
    """metrics.csv without times and empty cells."""
    with (folder / "metrics.csv").open(newline="") as file:
        return [
            {k: v for k, v in row.items() if v and not k.endswith(TIMES)}
            for row in csv.DictReader(file)
        ]


def same(a: Any, b: Any) -> bool:
    """Equality to the last bit of nested containers and tensors."""
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def same_end(ours: Path, theirs: Path) -> bool:
    """Whether two finished runs have the same training state and the same rows of metrics."""
    return same(training_state(ours), training_state(theirs)) and rows(ours) == rows(theirs)


def age(path: Path, moment: float) -> float:
    """Seconds from a file's last change to a moment of ``time.time()``."""
    return max(0.0, moment - path.stat().st_mtime)


def now() -> float:
    return time.time()

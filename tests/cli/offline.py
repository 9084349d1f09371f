"""Reads what W&B has logged offline, with W&B's own reader."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

WANDB = str(Path(sys.executable).with_name("wandb"))


@dataclass
class Offline:
    """One offline run: its records by type, and the reader's summary."""

    records: dict[str, list[dict]]
    summary: dict

    @property
    def start(self) -> dict:
        return self.records["run"][0]

    @property
    def history(self) -> list[dict]:
        return [record["item"] for record in self.records["history"]]

    def curve(self, name: str, x: str = "trainer/global_step") -> list[tuple[float, float]]:
        return [(row[x], row[name]) for row in self.history if name in row]

    def definition(self, name: str) -> dict:
        (found,) = [r for r in self.records["metric"] if r.get("name") == name]
        return found


def offline_runs(folder: Path) -> list[Offline]:
    """The offline runs of a run folder, the oldest first."""
    return [_read(path) for path in sorted(folder.glob("wandb/offline-run-*"))]


def _read(path: Path) -> Offline:
    records: dict[str, list[dict]] = {}
    for line in _inspect("--json", str(path)).splitlines():
        record = json.loads(line)
        records.setdefault(record["type"], []).append(record.get(record["type"], {}))
    return Offline(records, json.loads(_inspect("--summary", "--json", str(path))))


def _inspect(*arguments: str) -> str:
    done = subprocess.run(
        [WANDB, "leet", "inspect", *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout

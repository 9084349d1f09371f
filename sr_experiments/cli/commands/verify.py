"""``python verify.py``: repeats short recorded runs and compares their numbers.

It accepts a new machine, or a new version of a library, without any data of one's own.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from sr_experiments.files import write_whole
from sr_experiments.terminal import print_table

_COMPARED = ("psnr", "ssim", "gain", "train/loss")  # parts of the names
_RECORD = Path(__file__).with_name("verify.json")
_TRAIN = "from sr_experiments.cli.app import train; train()"
_COMMON = (
    "data=demo",
    "data.train=[astronaut.png,camera.png]",
    "data.val.cat=[coffee.png]",
    "data.test={demo:[coffee.png]}",
    "data.steps_per_epoch=10",
    "data.batch_size=4",
    "trainer.max_epochs=2",
    "trainer.max_time=null",
    "trainer.check_val_every_n_epoch=1",
    "trainer.log_every_n_steps=10",
    "log_images=0",
    "device=cpu",
)
_RUNS = {
    "vdsr": ("model=vdsr", "model.depth=5", "model.channels=16"),
    "edsr with deconvolution": (
        *("model=edsr", "model.conv=deconv", "model.blocks=2", "model.channels=16"),
        *("model.scales=[2]", "patches=edsr", "patches.size=48"),
    ),
    "rednet, denoising": (
        *("model=rednet", "model.depth=6", "model.channels=16", "model.scales=[1]"),
        *("degradation=noise", "degradation.sigma=30"),
    ),
}


class Value(NamedTuple):
    """A number of a run: as recorded, as found here, and how far they may differ."""

    run: str
    name: str
    recorded: float
    here: float
    tolerance: float

    @property
    def equal(self) -> bool:
        """Whether the difference is within the tolerance."""
        return abs(self.here - self.recorded) <= self.tolerance


def main() -> None:
    """The command; exit status 1 where a number differs by more than its tolerance."""
    parser = argparse.ArgumentParser(prog="verify.py", description=__doc__)
    parser.add_argument("--record", action="store_true", help="record this machine's numbers")
    record = parser.parse_args().record
    found = {name: run(overrides) for name, overrides in _RUNS.items()}
    if record:
        write_whole(_RECORD, json.dumps(found, indent=1) + "\n")
        print(f"recorded: {_RECORD}")
        return
    values = compare(json.loads(_RECORD.read_text(encoding="utf-8")), found)
    _print(values)
    different = [v for v in values if not v.equal]
    print(f"{len(values) - len(different)} of {len(values)} numbers as recorded")
    sys.exit(bool(different))


def run(overrides: tuple[str, ...]) -> dict[str, float]:
    """Trains in a temporary folder; the losses at the ends of epochs and all scores.

    Raises:
        SystemExit: the run failed; what it printed was shown.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", _TRAIN, *_COMMON, *overrides, f"hydra.run.dir={folder}/r"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.stderr.write(done.stdout + done.stderr)
            sys.exit(1)
        with Path(folder, "r", "metrics.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    found = {}
    for row in rows:
        for name, value in row.items():
            if value and any(part in name for part in _COMPARED):
                found[f"{name} at step {row['step']}"] = float(value)
    return found


def compare(recorded: dict[str, Any], found: dict[str, dict[str, float]]) -> list[Value]:
    """All recorded numbers beside those found here; a number that is missing here is NaN."""
    return [
        Value(name, key, value, found[name].get(key, float("nan")), _tolerance(key, value))
        for name, values in recorded.items()
        for key, value in values.items()
    ]


def _tolerance(name: str, value: float) -> float:
    """Far above the rounding of another machine, far below what a wrong formula does."""
    if "ssim" in name:
        return 1e-4
    return 1e-3 * abs(value) if "loss" in name else 0.01


def _print(values: list[Value]) -> None:
    table = Table()
    for heading in ("run", "number", "recorded", "here", "may differ", ""):
        table.add_column(heading, overflow="fold")
    for v in values:
        verdict = "equal" if v.equal else "DIFFERENT"
        numbers = (f"{v.recorded:.5f}", f"{v.here:.5f}", f"{v.tolerance:.5f}")
        table.add_row(v.run, v.name, *numbers, verdict)
    print_table(table)

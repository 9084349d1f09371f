"""A full disk below a command's output."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sweeps.sweep_commands import TINY

ROOT = Path(__file__).parents[1]
FULL = Path("/dev/full")

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")


def run_into(path: Path, *command: str, cwd: Path = ROOT, unbuffered: str = "") -> int:
    """The exit status of a command whose output goes into a file."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered}
    with path.open("ab") as file:
        done = subprocess.run(
            [sys.executable, *command],
            stdout=file,
            stderr=file,
            cwd=cwd,
            env=environment,
            timeout=600,
            check=False,
        )
    return done.returncode


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_lines_are_lost_and_nothing_ends(tmp_path: Path, unbuffered: str) -> None:
    script = (
        "import sys; from sr_experiments.streams import outlive_full_disks as outlive; outlive()\n"
        "for stream in (sys.stdout, sys.stderr): print('a' * 20000, file=stream, flush=True)\n"
        "print('no end of line', end='')"
    )
    assert run_into(FULL, "-c", script, unbuffered=unbuffered) == 0
    assert run_into(tmp_path / "log", "-c", script, unbuffered=unbuffered) == 0
    expected = 2 * ("a" * 20000 + "\n") + "no end of line"
    assert (tmp_path / "log").read_text() == expected


def test_other_errors_are_errors() -> None:
    script = (
        "import os; from sr_experiments.streams import outlive_full_disks as outlive; outlive()\n"
        "os.close(1); print('lost', flush=True)"
    )
    assert run_into(FULL, "-c", script) != 0


@pytest.mark.slow
def test_a_training_without_a_log_runs_to_its_end(tmp_path: Path) -> None:
    typed = (*TINY, f"hydra.run.dir={tmp_path}/run")
    assert run_into(FULL, str(ROOT / "train.py"), *typed, cwd=tmp_path) == 0
    assert '"finished"' in (tmp_path / "run" / "status.json").read_text()

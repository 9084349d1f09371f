import subprocess
from pathlib import Path

import pytest

from sr_experiments.runs.command import sync_command
from sr_experiments.sweeps.monitor import SweepMonitor
from sr_experiments.sweeps.settings import Settings
from tests.cli.offline import WANDB, offline_runs
from tests.sweeps.sweep_commands import TINY, Sweeps


def test_nothing_to_upload(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "0" / "wandb" / "run-online").mkdir(parents=True)
    assert sync_command(tmp_path) is None
    assert sync_command(tmp_path / "missing") is None
    SweepMonitor([], tmp_path, Settings()).print_table()
    assert "upload:" not in capsys.readouterr().out


def test_the_pattern_is_one_for_the_shell(tmp_path: Path):
    sweep = tmp_path / "it's a sweep"
    runs = [sweep / number / "wandb" / f"offline-run-{number}" for number in ("0", "11")]
    for run in runs:
        run.mkdir(parents=True)
    for folder, expected in ((sweep, runs), (sweep / "11", runs[1:])):
        command = sync_command(folder)
        assert command is not None
        listed = command.replace("wandb sync", "ls -d", 1)
        done = subprocess.run(listed, shell=True, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines() == [str(run) for run in expected]


@pytest.mark.long
@pytest.mark.slow
def test_a_sweep_in_wandb(sweeps: Sweeps):
    code, out = sweeps.train("-m", *TINY, "logger=wandb", "seed=1", "hydra.sweep.dir=night")
    assert code == 0, out
    (run,) = offline_runs(sweeps.folder / "night" / "0")
    assert run.start["run_group"] == "night"
    assert run.summary["name"].endswith("seed=1")
    (line,) = [line for line in out.splitlines() if line.startswith("upload: ")]
    command = line.removeprefix("upload: wandb ")
    done = subprocess.run(
        f"{WANDB} {command} --dry-run", shell=True, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert run.start["run_id"] in done.stdout + done.stderr

"""A run of train.py that is killed twice amid an epoch, and continued each time."""

import os
import random
import signal
import time
from pathlib import Path

import pytest
import torch

from tests.cli.commands.test_train import rows_of
from tests.cli.conftest import TINY
from tests.commands import Command
from tests.training.killed import differences

STEPS = 40


def finish(run: Command) -> str:
    assert run.wait() == 0, run.printed
    return run.printed


def kill_after(run: Command, folder: Path, steps: int) -> None:
    """Kills it with its workers at a random moment after a step."""
    deadline = time.monotonic() + 600
    while not (folder / "metrics.csv").is_file() or len(rows_of(folder)) < steps:
        assert run.process.is_alive(), run.printed
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(random.uniform(0, 0.1))
    os.killpg(run.process.pid, signal.SIGKILL)
    run.wait()


@pytest.mark.slow
def test_a_killed_run_ends_as_if_nothing_had_happened(images: list[str], tmp_path: Path):
    overrides = [
        *(*images, *TINY, "device=cpu", "log_images=0", f"data.steps_per_epoch={STEPS}"),
        *("data.num_workers=2", "data.residency=host", "callbacks=ema"),
        *("trainer.max_epochs=2", "trainer.check_val_every_n_epoch=2"),
        "callbacks.last.every_minutes=0.000001",
    ]
    through, cut = tmp_path / "through", tmp_path / "cut"

    def start(folder: Path, *more: str) -> Command:
        typed = [*overrides, f"hydra.run.dir={folder}", *more]
        return Command("train", typed, tmp_path, {"OMP_NUM_THREADS": "1"})

    finish(start(through))
    kill_after(start(cut), cut, 7)
    kill_after(start(cut, f"ckpt_path={cut}"), cut, STEPS + 9)
    assert "continues" in finish(start(cut, f"ckpt_path={cut}"))
    assert rows_of(cut) == rows_of(through)
    stored = [
        torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
        for folder in (through, cut)
    ]
    for checkpoint in stored:
        checkpoint.pop("config")  # other folders
        for name in list(checkpoint["callbacks"]):
            if "Clock" in name or "Checkpoint" in name:
                del checkpoint["callbacks"][name]
    assert not list(differences(*stored))

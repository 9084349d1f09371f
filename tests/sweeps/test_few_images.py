"""Runs on more processes than there are images to score (gloo)."""

import csv
from pathlib import Path

import pytest
import torch

from tests.sweeps.sweep_commands import Sweeps

GAN = (
    "model=srresnet",
    "model.blocks=1",
    "model.channels=4",
    "model.scales=[2]",
    "loss=srgan_mse",
    "loss.discriminator.channels=4",
    "patches.size=32",
    "callbacks=ema",
    "+callbacks.watch._target_=rank_watch.ScoredWeights",
    "data=demo",
    "data.train=[astronaut.png]",
    "data.val={cat:[microaneurysms.png]}",
    "data.test={demo:[microaneurysms.png]}",
    "data.batch_size=2",
    "data.steps_per_epoch=2",
    "trainer.max_epochs=2",
    "trainer.check_val_every_n_epoch=1",
    "log_images=0",
)


@pytest.mark.long
@pytest.mark.slow
def test_a_gan_is_scored_exactly_and_alike_on_two_processes(sweeps: Sweeps) -> None:
    folder = sweeps.folder / "run"
    run = sweeps.command("train", *GAN, "device=cpu", "device.devices=2", f"hydra.run.dir={folder}")
    assert run.wait() == 0, run.printed
    scored = [torch.load(folder / f"scored-{i}.pt", weights_only=True) for i in range(2)]
    assert all(torch.equal(scored[0][key], scored[1][key]) for key in scored[0])
    again = sweeps.folder / "again"
    alone = sweeps.command(
        "evaluate",
        f"ckpt_path={folder}/checkpoints/last.ckpt",
        "data=demo",
        "data.test={demo:[microaneurysms.png]}",
        "log_images=0",
        "device=cpu",
        f"hydra.run.dir={again}",
    )
    assert alone.wait() == 0, alone.printed
    assert rows(again) == rows(folder)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open() as file:
        found = list(csv.DictReader(file))
    return [{k: v for k, v in row.items() if "seconds" not in k} for row in found]

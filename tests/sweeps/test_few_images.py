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
    "data.test={demo:[microaneurysms.png,page.png]}",
    "data.batch_size=2",
    "data.steps_per_epoch=2",
    "trainer.max_epochs=2",
    "trainer.check_val_every_n_epoch=1",
    "panels=0",
)


@pytest.mark.slow
def test_a_gan_is_scored_exactly_and_alike_on_three_processes(sweeps: Sweeps) -> None:
    folder = sweeps.folder / "run"
    status, output = sweeps.train(*GAN, "device=cpu", "device.devices=3", f"hydra.run.dir={folder}")
    assert status == 0, output
    scored = [torch.load(folder / f"scored-{i}.pt", weights_only=True) for i in range(3)]
    for other in scored[1:]:
        assert all(torch.equal(scored[0][key], other[key]) for key in scored[0])
    checkpoint = folder / "checkpoints" / "last.ckpt"
    again = sweeps.folder / "again"
    status, output = sweeps.run(
        Path(__file__).parents[2] / "evaluate.py",
        f"ckpt_path={checkpoint}",
        "data=demo",
        "data.test={demo:[microaneurysms.png,page.png]}",
        "panels=0",
        "device=cpu",
        f"hydra.run.dir={again}",
    )
    assert status == 0, output
    assert rows(again) == rows(folder)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open() as file:
        found = list(csv.DictReader(file))
    return [{k: v for k, v in row.items() if "seconds" not in k} for row in found]

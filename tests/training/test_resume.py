"""A run that is cut off anywhere and continued equals one that ran through, bit for bit.

The uninterrupted run saves a checkpoint at every place. One that continues from any of them saves
at every later place again, and all these checkpoints (weights, averages, optimizers, schedules,
random states, positions, callbacks) and all rows of metrics.csv must be the same. Since then the
checkpoint of a continued run equals that of an uninterrupted one, a second kill is a first one.
"""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch

from sr_experiments.errors import ConfigError
from tests.ranks import run_ranks
from tests.training.killed import RECIPES, compare, on_two_processes, rows_of, saved, train

PLACES = ("06-before", "08-batch", "08-validation")


@pytest.fixture
def images(make_images: Callable[..., Path]) -> Path:
    return make_images("data/images", 3, 40, 44)


def check(
    recipe: str, images: Path, tmp_path: Path, *places: str, every: int = 1, **options: Any
) -> None:
    """Continues from some places, or from every so many-th."""
    through = tmp_path / "through"
    train(recipe, images, through, **options)
    all_places = [name[:-5] for name in saved(through)]
    for place in places or all_places[RECIPES.index(recipe) % every :: every]:
        resumed = tmp_path / f"from_{place}"
        train(recipe, images, resumed, through / f"{place}.ckpt", **options)
        assert not compare(through, resumed, f"{place}.ckpt"), place


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_resumed_run_is_the_uninterrupted_one(recipe: str, images: Path, tmp_path: Path):
    check(recipe, images, tmp_path, *PLACES)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_wherever_it_is_cut_off(recipe: str, images: Path, tmp_path: Path):
    """At every fifth place, other ones for each recipe; CUTS=1 tries all."""
    check(recipe, images, tmp_path, every=int(os.environ.get("CUTS", "5")))


@pytest.mark.parametrize(
    ("recipe", "options"),
    [
        ("vdsr", {"residency": "disk", "num_workers": 2}),
        ("rednet_noise", {"residency": "host", "num_workers": 2}),
        ("rednet_noise", {"residency": "device"}),
        ("edsr_deconv", {"residency": "stream"}),
        ("edsr_deconv", {"residency": "stream", "num_workers": 2}),
    ],
)
def test_wherever_images_live_and_whoever_cuts_patches(
    recipe: str, options: dict[str, Any], images: Path, tmp_path: Path
):
    check(recipe, images, tmp_path, "06-batch", **options)


@pytest.mark.parametrize(
    ("recipe", "options", "places"),
    [
        ("vdsr", {"accumulate": 2}, ("02-batch", "06-before")),
        ("srgan", {"accumulate": 2}, ("06-batch",)),
        ("vdsr", {"trainer": {"max_steps": 11}}, ("04-before", "06-batch", "08-epoch")),
        ("vdsr", {"trainer": {"check_val_every_n_epoch": 1}}, ("04-before", "04-epoch")),
        ("vdsr", {"trainer": {"limit_val_batches": 0}}, ("04-before", "04-epoch", "04-batch")),
        ("vdsr", {"trainer": {"log_every_n_steps": 3}}, ("05-batch", "07-batch")),
    ],
)
def test_with_other_settings(
    recipe: str, options: dict[str, Any], places: tuple[str, ...], images: Path, tmp_path: Path
):
    check(recipe, images, tmp_path, *places, **options)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["edsr_deconv", "srgan"])
def test_two_processes(recipe: str, images: Path, tmp_path: Path):
    run_ranks(on_two_processes, tmp_path, recipe, images)


def test_a_limit_of_steps_may_be_raised_amid_an_epoch(images: Path, tmp_path: Path):
    """An epoch that such a limit has cut short goes on."""
    train("vdsr", images, tmp_path / "through")
    train("vdsr", images, tmp_path / "half", trainer={"max_steps": 6})
    train("vdsr", images, tmp_path / "rest", tmp_path / "half" / "06-epoch.ckpt")
    assert not compare(tmp_path / "through", tmp_path / "rest", "06-batch.ckpt")


def test_more_epochs_lengthen_the_cosine(images: Path, tmp_path: Path):
    train("edsr_deconv", images, tmp_path)
    last = tmp_path / "12-epoch.ckpt"
    train("edsr_deconv", images, tmp_path / "more", last, trainer={"max_epochs": 6})
    rates = [float(row["train/lr"]) for row in rows_of(tmp_path / "more") if "train/lr" in row]
    expected = [1e-3 * (1 + math.cos(math.pi * t / 24)) / 2 for t in range(12, 24)]
    assert rates == pytest.approx(expected, rel=1e-5)


def test_a_position_in_an_epoch_of_another_length_is_refused(images: Path, tmp_path: Path):
    train("vdsr", images, tmp_path, steps_per_epoch=5, trainer={"max_epochs": 1})
    with pytest.raises(ConfigError, match=r"stands at batch 3 of 5 .* now have 4.*init_from"):
        train("vdsr", images, tmp_path / "other", tmp_path / "03-batch.ckpt", steps_per_epoch=4)
    train(
        "vdsr", images, tmp_path / "later", tmp_path / "05-epoch.ckpt", steps_per_epoch=4,
        trainer={"max_epochs": 2},
    )  # fmt: skip
    assert saved(tmp_path / "later")[-1] == "09-end.ckpt"


def test_overfitting_sees_the_same_patches_in_every_epoch(images: Path, tmp_path: Path):
    seen: list[torch.Tensor] = []

    class Seen(pl.Callback):
        def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, index: int) -> None:
            seen.append(batch["input"])

    train("rednet_noise", images, tmp_path, trainer={"overfit_batches": 2}, callbacks=[Seen()])
    assert len(seen) == 6
    for epoch in (seen[2:4], seen[4:]):
        assert all(torch.equal(a, b) for a, b in zip(seen, epoch, strict=False))
    assert not torch.equal(seen[0], seen[1])

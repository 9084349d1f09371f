"""The alternation of generator and discriminator."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EMAWeightAveraging, ModelCheckpoint

from sr_experiments.cli.build import build_trainer
from sr_experiments.cli.commands.train import check_continued, warm_start
from sr_experiments.cli.devices import BatchPlan
from sr_experiments.errors import CheckpointError, ConfigError
from sr_experiments.models import Discriminator, SRResNet
from sr_experiments.training.clipping import (
    AdjustableClipping,
    Clipping,
    NoClipping,
    NormClipping,
    ValueClipping,
)
from tests.ranks import run_ranks
from tests.training import gan as tiny
from tests.training.recipes import constant, cosine, sgd


class Watch(pl.Callback):
    """Keeps what is logged and what happens to gradients."""

    def __init__(self) -> None:
        self.logged: list[dict[str, float]] = []
        self.moved: list[tuple[bool, bool]] = []

    def on_train_batch_start(self, trainer: pl.Trainer, module: Any, *_: Any) -> None:
        self.before = (tiny.weights(module.network), tiny.weights(module.discriminator))

    def on_train_batch_end(self, trainer: pl.Trainer, module: Any, *_: Any) -> None:
        self.logged.append({k: float(v) for k, v in trainer.callback_metrics.items()})
        now = (tiny.weights(module.network), tiny.weights(module.discriminator))
        self.moved.append(
            tuple(not torch.equal(a, b) for a, b in zip(self.before, now, strict=True))
        )


def test_logs_everything_from_the_first_batch() -> None:
    watch = Watch()
    tiny.fit(tiny.module(), callbacks=[watch])
    sides = [f"train/{k}{s}" for k in ("grad_norm", "clipped", "lr") for s in ("", "_d")]
    names = ["loss", "loss_pixel", "loss_adversarial", "loss_d", "d_real", "d_fake"]
    expected = {*sides, *(f"train/{name}" for name in names)}
    assert all(set(step) == expected for step in watch.logged)
    for step in watch.logged:
        parts = step["train/loss_pixel"] + step["train/loss_adversarial"]
        assert step["train/loss"] == pytest.approx(parts, rel=1e-5)
        assert 0 < step["train/d_fake"] < 1
        assert step["train/grad_norm"] > 0
        assert step["train/grad_norm_d"] > 0


def test_global_step_and_schedules_count_batches() -> None:
    watch = Watch()
    trainer = tiny.fit(tiny.module(), batches=4, callbacks=[watch])
    assert trainer.global_step == 4
    for side in ("train/lr", "train/lr_d"):
        assert [step[side] for step in watch.logged] == pytest.approx([1e-3, 1e-3, 1e-3, 5e-4])
    assert tiny.fit(tiny.module(), max_epochs=-1, max_steps=3).global_step == 3


def test_epoch_schedules() -> None:
    gan = tiny.module(scheduler=partial(tiny.multistep, milestones=[1], gamma=0.1))
    trainer = tiny.fit(gan, batches=2, max_epochs=2)
    assert [o.param_groups[0]["lr"] for o in trainer.optimizers] == pytest.approx([1e-4, 1e-4])


def test_accumulation_steps_every_second_batch_and_at_the_end() -> None:
    watch = Watch()
    trainer = tiny.fit(tiny.module(accumulate=2), batches=5, callbacks=[watch])
    assert watch.moved == [(False, False), (True, True), (False, False), (True, True), (True, True)]
    assert trainer.global_step == 5


def test_schedules_count_optimizer_steps() -> None:
    half = partial(tiny.multistep, milestones=[2], gamma=0.5, interval="step")
    for make, rate in ((half, 5e-4), (cosine, 0.0)):
        trainer = tiny.fit(tiny.module(accumulate=2, scheduler=make), batches=4)
        rates = [o.param_groups[0]["lr"] for o in trainer.optimizers]
        assert rates == pytest.approx([rate, rate], abs=1e-12)


def test_a_gan_accumulates_by_itself(tmp_path: Path) -> None:
    gan = tiny.module(accumulate=3)
    trainer = {"max_epochs": -1, "max_steps": 2}
    config = {"device": {"accelerator": "cpu"}, "trainer": trainer, "run_dir": str(tmp_path)}
    made = build_trainer(config, gan, BatchPlan(2, accumulate=3))
    assert made.accumulate_grad_batches == 1
    assert made.max_steps == 6  # batches


CLIPPINGS: dict[str, Clipping] = {
    "none": NoClipping(),
    "norm": NormClipping(1e-3),
    "value": ValueClipping(1e-5),
    "adjustable": AdjustableClipping(1e-5),
}


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("name", CLIPPINGS)
def test_clipping_bounds_each_network_s_step(name: str, precision: Any) -> None:
    """With plain gradient descent at rate 1 a step is the clipped gradient."""
    gan = tiny.module(CLIPPINGS[name], partial(sgd, lr=1.0), scheduler=constant)
    before = [tiny.weights(n) for n in (gan.network, gan.discriminator)]  # type: ignore[arg-type]
    watch = Watch()
    tiny.fit(gan, batches=1, callbacks=[watch], precision=precision)
    now = [tiny.weights(n) for n in (gan.network, gan.discriminator)]  # type: ignore[arg-type]
    for side, (a, b) in zip(("", "_d"), zip(before, now, strict=True), strict=True):
        step = b - a
        norm = watch.logged[0][f"train/grad_norm{side}"]
        assert step.isfinite().all()
        if name == "none":
            assert step.norm().item() == pytest.approx(norm, rel=1e-2)
        elif name == "norm":
            assert step.norm().item() == pytest.approx(1e-3, rel=2e-2)
        else:
            assert 0 < step.abs().max() <= 1.1e-5
            assert watch.logged[0][f"train/clipped{side}"] > 0


@pytest.mark.parametrize("kind", ["least_squares", "hinge", "relativistic", "linear"])
def test_every_game_moves_both(kind: str) -> None:
    watch = Watch()
    tiny.fit(tiny.module(kind=kind), batches=2, callbacks=[watch])
    assert watch.moved == [(True, True)] * 2


def checkpoints(folder: Path) -> list[pl.Callback]:
    saved = ModelCheckpoint(folder, save_last=True, every_n_epochs=1, save_on_train_epoch_end=True)
    return [saved, EMAWeightAveraging(decay=0.5)]


def states(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = torch.load(path, weights_only=True)
    keys = ("state_dict", "current_model_state", "optimizer_states", "lr_schedulers", "global_step")
    return {key: found[key] for key in keys}


def test_resume_continues_both_optimizers_exactly(tmp_path: Path) -> None:
    tiny.fit(
        tiny.module(),
        max_epochs=4,
        enable_checkpointing=True,
        callbacks=checkpoints(tmp_path / "a"),
    )
    tiny.fit(
        tiny.module(),
        max_epochs=2,
        enable_checkpointing=True,
        callbacks=checkpoints(tmp_path / "b"),
    )
    other = tiny.module()
    for parameter in other.parameters():
        torch.nn.init.zeros_(parameter)
    tiny.fit(
        other,
        max_epochs=4,
        enable_checkpointing=True,
        callbacks=checkpoints(tmp_path / "b2"),
        ckpt_path=tmp_path / "b" / "last.ckpt",
    )
    whole, resumed = states(tmp_path / "a" / "last.ckpt"), states(tmp_path / "b2" / "last.ckpt")
    assert len(whole["optimizer_states"]) == len(whole["lr_schedulers"]) == 2
    assert whole["global_step"] == resumed["global_step"] == 16
    for key in ("state_dict", "current_model_state", "optimizer_states", "lr_schedulers"):
        torch.testing.assert_close(resumed[key], whole[key], rtol=0, atol=0)


def test_the_average_is_saved_beside_the_newest_weights(tmp_path: Path) -> None:
    tiny.fit(tiny.module(), enable_checkpointing=True, callbacks=checkpoints(tmp_path))
    state = states(tmp_path / "last.ckpt")
    key = "network.tail.weight"
    assert not torch.equal(state["state_dict"][key], state["current_model_state"][key])


def test_patches_too_small_for_the_discriminator() -> None:
    gan = tiny.module()
    gan.discriminator = Discriminator(48, channels=4)
    with pytest.raises(ConfigError, match=r"loss\.discriminator: made for 48 x 48 .*patches\.size"):
        tiny.fit(gan)


def start(gan: Any, init_from: Path | None = None) -> None:
    warm_start({"init_from": init_from and str(init_from)}, gan)


def test_starting_cold_warns_and_starting_warm_fills(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"generator starts cold.*init_from"):
        start(tiny.module())
    torch.manual_seed(7)
    other = SRResNet((4,), blocks=1, channels=4)
    torch.save(other.state_dict(), tmp_path / "x4.pth")
    gan = tiny.module()
    own = gan.network.state_dict()
    start(gan, tmp_path / "x4.pth")
    state = gan.network.state_dict()
    assert torch.equal(state["tail.weight"], other.state_dict()["tail.weight"])
    # Scale 4 has a second step, which scale 2 does without.
    assert state.keys() == own.keys()


def test_a_run_on_pixels_cannot_be_continued_by_a_gan(tmp_path: Path) -> None:
    gan = tiny.module()
    state = {f"network.{k}": v for k, v in gan.network.state_dict().items()}
    torch.save({"state_dict": state, "config": gan.config}, tmp_path / "mse.ckpt")
    with pytest.raises(CheckpointError, match=r"without a discriminator.*init_from"):
        check_continued(tmp_path / "mse.ckpt", {}, gan)
    start(gan, init_from=tmp_path / "mse.ckpt")


@pytest.mark.slow
def test_two_processes_stay_equal() -> None:
    run_ranks(tiny.stay_equal)

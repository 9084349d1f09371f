"""Sharing out an effective batch, and scaling the rate with it."""

from pathlib import Path
from typing import Any, Literal

import pytest
from hydra import compose, initialize_config_dir
from hypothesis import given
from hypothesis import strategies as st

from sr_experiments.cli.build import build_data, build_module, build_network, build_trainer
from sr_experiments.cli.config.check import Config
from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.config.instantiate import resolve_config
from sr_experiments.cli.devices import BatchPlan, count_processes, plan_batches, share_batch
from sr_experiments.errors import ConfigError
from tests.training import gan


def configuration(folder: Path, *overrides: str) -> Config:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return resolve_config(compose("train", [*overrides, f"run_dir={folder}"]))


@given(share=st.integers(1, 300), recipe=st.integers(1, 128), world=st.integers(1, 16))
def test_a_step_sees_the_effective_batch(share: int, recipe: int, world: int) -> None:
    plan = share_batch(recipe, 1, world, share * world, None)
    assert plan.per_device * plan.accumulate * world == share * world
    assert plan.per_device <= recipe
    assert plan.lr_factor == 1
    # No fewer steps would do.
    assert not any(share % n == 0 and share // n <= recipe for n in range(1, plan.accumulate))


@pytest.mark.parametrize(("scale", "factor"), [("linear", 4), ("sqrt", 2), (None, 1)])
def test_the_rate_is_scaled_only_on_demand(
    scale: Literal["linear", "sqrt"] | None, factor: float
) -> None:
    assert share_batch(16, 1, 4, None, scale) == BatchPlan(16, 1, factor)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((4, 1, 4, 10, None), "multiple of their number"),
        ((4, 2, 2, 8, None), "leave trainer.accum"),
    ],
)
def test_batches_that_cannot_be_shared(arguments: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        share_batch(*arguments)


def test_a_plan_is_what_data_module_and_trainer_are_built_by(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = ["device=cpu", "device.effective_batch=24", "device.scale_lr=linear", "optim.lr=0.5"]
    config = configuration(tmp_path, *typed, "data.batch_size=8", "model.depth=3")
    plan = plan_batches(config)
    assert plan == BatchPlan(8, 3, 3.0)
    assert capsys.readouterr().out == (
        "batch of 24: 1 processes x 8 patches x 3 accumulated steps\n"
        "learning rate 0.5 x 3 for a batch of 24\n"
    )
    network = build_network(config)
    data = build_data(config, network, plan)
    assert (data.batch_size, data.accumulate) == (8, 3)
    module = build_module(config, network, {}, plan)
    assert module.make_optimizer(network).param_groups[0]["lr"] == 1.5
    assert build_trainer(config, module, plan).accumulate_grad_batches == 3
    assert config["optim"]["lr"] == 0.5  # what is recorded is what was typed


def test_the_recipes_batch_is_that_of_its_patches(tmp_path: Path) -> None:
    config = configuration(tmp_path, "model=srcnn", "data.batch_size=null")
    assert plan_batches(config) == BatchPlan(config["patches"]["batch_size"])


def test_processes_are_counted_before_anything_is_built() -> None:
    assert count_processes({"accelerator": "cpu", "devices": 2, "num_nodes": 3}) == 6
    with pytest.raises(ConfigError, match="device or trainer: "):
        count_processes({"accelerator": "warp"})


@pytest.mark.parametrize("strategy", ["auto", "ddp", "ddp_spawn"])
def test_a_gan_trains_on_several_devices_however_that_is_spelt(
    tmp_path: Path, strategy: str
) -> None:
    device = {"accelerator": "cpu", "devices": 2, "strategy": strategy}
    config = {"device": device, "run_dir": str(tmp_path)}
    trainer = build_trainer(config, gan.module(), BatchPlan(2))
    assert trainer.strategy._ddp_kwargs["find_unused_parameters"]

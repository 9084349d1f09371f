"""Sharing out an effective batch, and scaling the rate with it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from sr_experiments.cli.assemble import build_trainer
from sr_experiments.cli.devices import fit_to_devices
from sr_experiments.errors import ConfigError
from tests.training import gan

SGD = {
    "_target_": "sr_experiments.training.optimizers.make_optimizer",
    "kind": "torch.optim.SGD",
    "_partial_": True,
    "lr": 0.1,
}


def fit(
    effective: int | None,
    recipe: int,
    world: int,
    scale: str | None = None,
    accumulate: int = 1,
) -> Any:
    config = OmegaConf.create(
        {"device": {"effective_batch": effective, "scale_lr": scale}, "optim": SGD}
    )
    trainer: Any = SimpleNamespace(world_size=world, accumulate_grad_batches=accumulate)
    data: Any = SimpleNamespace(batch_size=recipe)
    module: Any = SimpleNamespace(make_optimizer=None)
    fit_to_devices(config, trainer, data, module)
    return SimpleNamespace(trainer=trainer, data=data, module=module)


@given(share=st.integers(1, 300), recipe=st.integers(1, 128), world=st.integers(1, 16))
def test_a_step_sees_the_effective_batch(share: int, recipe: int, world: int) -> None:
    found = fit(share * world, recipe, world)
    steps = found.trainer.accumulate_grad_batches
    assert found.data.batch_size * steps * world == share * world
    assert found.data.batch_size <= recipe
    assert found.data.accumulated == steps
    # No fewer steps would do.
    assert not any(share % n == 0 and share // n <= recipe for n in range(1, steps))


@pytest.mark.parametrize(("scale", "rate"), [("linear", 0.4), ("sqrt", 0.2), (None, None)])
def test_the_rate_is_scaled_only_on_demand(scale: str | None, rate: float | None) -> None:
    made = fit(None, 16, 4, scale).module.make_optimizer
    if rate is None:
        assert made is None
    else:
        assert made.keywords["lr"] == pytest.approx(rate)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"effective": 10, "recipe": 4, "world": 4}, "multiple of their number"),
        ({"effective": 8, "recipe": 4, "world": 2, "accumulate": 2}, "leave trainer.accum"),
    ],
)
def test_batches_that_cannot_be_shared(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fit(**arguments)


@pytest.mark.parametrize("strategy", ["auto", "ddp", "ddp_spawn"])
def test_a_gan_trains_on_several_devices_however_that_is_spelt(
    tmp_path: Path, strategy: str
) -> None:
    device = {"accelerator": "cpu", "devices": 2, "strategy": strategy}
    config = OmegaConf.create({"device": device, "run_dir": str(tmp_path)})
    trainer = build_trainer(config, [], [], gan.module())
    assert trainer.strategy._ddp_kwargs["find_unused_parameters"]

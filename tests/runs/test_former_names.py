"""Paths of version 0.1.0 still mean the same."""

import pkgutil
from functools import partial

import pytest
import torch
from hydra.utils import instantiate

from sr_experiments.models import SRCNN
from sr_experiments.runs.former_names import MERGED, TARGETS, current_names, current_targets

PRESENT = TARGETS | {old: merged.target for old, merged in MERGED.items()}


@pytest.mark.parametrize("old", PRESENT)
def test_every_present_path_exists_and_is_no_former_one(old: str) -> None:
    assert pkgutil.resolve_name(PRESENT[old])  # a class, function or module
    assert PRESENT[old] not in PRESENT


def test_paths_are_replaced_wherever_they_stand() -> None:
    old = {
        "optim": {"_target_": "sr_experiments.training.optimizers.sgd", "lr": 0.1},
        "own": [{"_target_": "mine.Net", "kind": None}, "sr_experiments.training.optimizers.sgd"],
    }
    assert current_targets(old) == {
        "optim": {
            "_target_": "sr_experiments.training.optimizers.make_optimizer",
            "kind": "torch.optim.SGD",
            "lr": 0.1,
        },
        "own": old["own"],
    }
    assert current_targets(current_targets(old)) == current_targets(old)


@pytest.mark.parametrize(
    ("optim", "scheduler"),
    [
        ({"momentum": 0.9, "nesterov": True, "_target_": "sgd"}, {"_target_": "constant"}),
        ({"betas": [0.9, 0.99], "_target_": "adam"}, {"step_size": 2, "_target_": "step"}),
        ({"lr_factors": {"*": 1}, "_target_": "adamw"}, {"min_lr": 0.01, "_target_": "cosine"}),
        ({"_target_": "sgd"}, {"milestones": [1], "interval": "step", "_target_": "multistep"}),
    ],
)  # fmt: skip
def test_optimizers_and_schedules_of_old_configurations_are_made(optim, scheduler) -> None:
    package = "sr_experiments.training"
    optim = {**optim, "_target_": f"{package}.optimizers.{optim['_target_']}", "lr": 0.1}
    scheduler = {**scheduler, "_target_": f"{package}.schedules.{scheduler['_target_']}"}
    made = instantiate(current_targets(optim) | {"_partial_": True})
    schedule = instantiate(current_targets(scheduler) | {"_partial_": True})
    optimizer = made(SRCNN())
    assert isinstance(optimizer, torch.optim.Optimizer)
    assert isinstance(schedule, partial)
    assert schedule(optimizer, lambda interval: 10)["scheduler"].get_last_lr()[0] == 0.1


def test_keys_are_replaced_and_those_below_them_stay() -> None:
    old = {"eval": {"shave": 4, "channel": "y"}, "study": {"arm": "a", "size": "tiny"}, "panels": 0}
    assert current_names(old) == {
        "protocol": {"shave": 4, "channel": "y"},
        "study": {"variant": "a", "size": "tiny"},
        "log_images": 0,
    }

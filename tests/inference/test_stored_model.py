"""A checkpoint cannot choose what code is run when its network is built."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from sr_experiments import models
from sr_experiments.errors import CheckpointError
from sr_experiments.inference.stored_model import NETWORKS, stored_model

VDSR = "sr_experiments.models.VDSR"
DEFAULT = {"_target_": VDSR, "depth": 20}


@pytest.fixture
def checkpoint(tmp_path: Path):
    """Writes a checkpoint with this `model` in its configuration."""

    def write(model: Any) -> Path:
        torch.save({"config": {"model": model}, "state_dict": {}}, tmp_path / "last.ckpt")
        return tmp_path / "last.ckpt"

    return write


def test_the_networks_are_those_that_can_be_built():
    names = {name.rpartition(".")[2] for name in NETWORKS}
    assert {"VDSR", "SRCNN", "EDSR", "MSRResNet"} <= names
    assert not names & {"Network", "Discriminator"}
    assert all(issubclass(getattr(models, name), models.Network) for name in names)


@pytest.mark.parametrize(
    "target",
    [
        "builtins.print",
        "os.system",
        "sr_experiments.models",
        "sr_experiments.models.Network",
        "sr_experiments.models.Discriminator",
        "sr_experiments.models.vdsr.VDSR",  # the same class by a way that is not listed
        "sr_experiments.models.vdsr.pairwise",  # what a module imports
        "sr_experiments.models.msrresnet.partial",
        "sr_experiments.models.rednet.nn.Sequential",
        "sr_experiments.models.__main__.argparse.os.system",
        "sr_experiments.models.VDSR.__init__.__globals__",
        "sr_experiments.models.VDSR.load_state_dict",
        "sr_experiments.models.VDSR ",
        "",
        None,
        7,
        ["sr_experiments.models.VDSR"],
        {"_target_": VDSR},
    ],
)
def test_only_the_listed_classes_are_networks(target, checkpoint):
    with pytest.raises(CheckpointError, match=r"last\.ckpt: its network is") as caught:
        stored_model(checkpoint({"_target_": target}), DEFAULT)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"deconv": {"_target_": "os.system", "command": "true"}},
        {"deconv": {"block": {"_target_": "os.system"}}},
        {"scales": [{"_target_": "os.system", "command": "true"}]},
        {"scales": [[{"_target_": "os.system"}]]},
        {"activation": {"_target_": "torch.nn.ReLU", "_partial_": True}},
        {"_partial_": True},
        {"_args_": [[2]]},
        {"_recursive_": False},
        {"_convert_": "none"},
        {"depth": "${oc.env:HOME}"},
        {"deconv": {"block": "x${hydra:runtime.cwd}"}},
        {"depth": torch.zeros(1)},
        {3: 4},
    ],
)
def test_only_plain_values_are_arguments(arguments, checkpoint):
    with pytest.raises(CheckpointError, match=r"model\..* is no plain value") as caught:
        stored_model(checkpoint({"_target_": VDSR, **arguments}), DEFAULT)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model", [None, "VDSR", [1], 3])
def test_what_is_no_configuration_is_no_checkpoint(model, checkpoint):
    with pytest.raises(CheckpointError, match=r"not a checkpoint of train\.py"):
        stored_model(checkpoint(model), DEFAULT)


def test_a_trained_network_comes_with_its_own_arguments(checkpoint):
    model = {
        "_target_": "sr_experiments.models.EDSR",
        "scales": [2],
        "deconv": {"block": 8},
        "res_scale": 0.1,
        "norm": "none",
    }
    assert stored_model(checkpoint(model), DEFAULT) == model


def test_a_foreign_module_is_not_even_imported(checkpoint, tmp_path, monkeypatch):
    (tmp_path / "trap.py").write_text("raise SystemExit('owned')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(CheckpointError, match=r"name it yourself with .*trap\.Net"):
        stored_model(checkpoint({"_target_": "trap.Net"}), DEFAULT)
    assert "trap" not in sys.modules


def test_a_network_that_the_user_names_is_taken_with_the_files_values(checkpoint):
    model = {"_target_": "mine.Net", "channels": 8}
    chosen = {"_target_": "mine.Net", "channels": 64}
    assert stored_model(checkpoint(model), chosen) == model


def test_its_objects_are_taken_only_as_the_user_configures_them(checkpoint):
    relu = {"_target_": "hydra.utils.get_class", "path": "torch.nn.ReLU"}
    chosen = {"_target_": "mine.Net", "activation": relu}
    assert stored_model(checkpoint(dict(chosen)), chosen) == chosen
    other = {**chosen, "activation": {**relu, "path": "subprocess.Popen"}}
    with pytest.raises(CheckpointError, match=r"model\.activation is no plain value"):
        stored_model(checkpoint(other), chosen)
    with pytest.raises(CheckpointError, match=r"model\.activation is no plain value"):
        stored_model(checkpoint({**chosen, "_target_": VDSR}), {**DEFAULT, "channels": 3})


def test_classes_that_the_user_trusts_are_taken_and_no_others(checkpoint):
    model = {"_target_": "mine.Net", "activation": {"_target_": "torch.nn.ELU", "alpha": 0.5}}
    trusted = ["mine.Net", "torch.nn.ELU"]
    assert stored_model(checkpoint(model), DEFAULT, trusted) == model
    with pytest.raises(CheckpointError, match=r"'mine\.Net'.* with trusted=\[mine\.Net\]"):
        stored_model(checkpoint(model), DEFAULT, ["torch.nn.ELU"])
    with pytest.raises(CheckpointError, match=r"activation is no plain .*=\[torch\.nn\.ELU\]"):
        stored_model(checkpoint(model), DEFAULT, ["mine.Net"])


@pytest.mark.parametrize("key", ["_args_", "_partial_", "_convert_", "_recursive_"])
def test_a_trusted_class_is_built_from_plain_values_alone(key, checkpoint):
    inner = {"_target_": "torch.nn.ELU", key: True}
    for model in ({"_target_": "mine.Net", "x": inner}, {"_target_": "mine.Net", key: True}):
        with pytest.raises(CheckpointError, match="is no plain value"):
            stored_model(checkpoint(model), DEFAULT, ["mine.Net", "torch.nn.ELU"])

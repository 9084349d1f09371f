"""Weights of SRCNN do not tell whether they were trained with padding; their borders do."""

import torch

from sr_experiments.inference.checkpoints import padding_remark
from sr_experiments.models import SRCNN, VDSR
from tests.cli.conftest import Command


def srcnn(box: bool, padding: bool = True) -> SRCNN:
    """Passes an image on: by averages, as wide as the kernels, or by single pixels."""
    network = SRCNN((3,), channels=(4, 4), padding=padding)
    for layer in (network.conv1, network.conv2, network.conv3):
        side = layer.weight.shape[-1]
        layer.weight.data.zero_()
        layer.bias.data.zero_()
        layer.weight.data[0, 0] = 1 / side**2 if box else 0
        layer.weight.data[0, 0, side // 2, side // 2] += 0 if box else 1
    return network


def test_only_weights_that_never_saw_padding_are_named():
    (line,) = padding_remark(srcnn(box=True))
    assert "model.padding=false" in line
    for fine in (srcnn(box=False), srcnn(box=True, padding=False), VDSR(depth=3, channels=4)):
        assert padding_remark(fine) == []


def test_it_is_said_where_weights_are_scored(command: Command, images: list[str], tmp_path):
    torch.save(srcnn(box=True).state_dict(), tmp_path / "srcnn.pth")
    options = [
        "model=srcnn",
        "model.channels=[4,4]",
        f"weights={tmp_path}/srcnn.pth",
        "log_images=0",
    ]
    said = command("evaluate", *images, *options)
    assert said.code == 0, said.err
    assert "trained without padding" in said.out
    heeded = command("evaluate", *images, *options, "model.padding=false", run="heeded")
    assert heeded.code == 0, heeded.err
    assert "trained without padding" not in heeded.out

"""Weights of other projects compute what their own networks do."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d, interpolate, leaky_relu, pixel_shuffle, relu

from sr_experiments.errors import CheckpointError
from sr_experiments.inference.weights import convert_keys, load_weights
from sr_experiments.models import EDSR, RCAN, VDSR, DnCNN, MSRResNet
from tests.inference.foreign import (
    MEAN,
    basicsr_edsr,
    basicsr_rcan,
    dncnn,
    edsr_pytorch,
    msrresnet,
    rcan,
)

PYTORCH_VDSR = Path(__file__).parents[2] / "../shared/checkpoints/pytorch_vdsr.pth"


def loaded(network: nn.Module, state: dict) -> nn.Module:
    network.load_state_dict(convert_keys(state, network))
    return network.eval()


def test_edsr_pytorch_computes_on_255() -> None:
    torch.manual_seed(0)
    theirs = edsr_pytorch()
    ours = loaded(EDSR((3,), blocks=2, channels=8, res_scale=0.1), theirs.state_dict())
    x = torch.rand(1, 3, 6, 5)
    shallow = theirs.head(255 * (x - MEAN))
    deep = shallow
    for block in theirs.body[:2]:
        deep = deep + 0.1 * block.body(deep)
    out = theirs.tail(shallow + theirs.body[2](deep)) / 255 + MEAN
    torch.testing.assert_close(ours(x), out)


def test_basicsr_edsr_computes_on_255() -> None:
    torch.manual_seed(0)
    theirs = basicsr_edsr()
    ours = loaded(EDSR((4,), blocks=2, channels=8), {**theirs.state_dict()})
    x = torch.rand(1, 3, 6, 5)
    shallow = theirs.conv_first(255 * (x - MEAN))
    deep = shallow
    for block in theirs.body:
        deep = deep + block.conv2(relu(block.conv1(deep)))
    deep = theirs.upsample(shallow + theirs.conv_after_body(deep))
    torch.testing.assert_close(ours(x), theirs.conv_last(deep) / 255 + MEAN)


def gated(x: torch.Tensor, layers: nn.Sequential) -> torch.Tensor:
    return x * layers(x.mean((2, 3), keepdim=True)).sigmoid()


def test_rcan() -> None:
    torch.manual_seed(0)
    theirs = rcan()
    network = RCAN((2,), groups=2, blocks=2, channels=8, reduction=4)
    ours = loaded(network, theirs.state_dict())
    x = torch.rand(1, 3, 6, 5)
    shallow = theirs.head(255 * (x - MEAN))
    deep = shallow
    for group in theirs.body[:2]:
        inner = deep
        for block in group.body[:2]:
            inner = inner + gated(block.body[:3](inner), block.body[3].conv_du)
        deep = deep + group.body[2](inner)
    out = theirs.tail(shallow + theirs.body[2](deep)) / 255 + MEAN
    torch.testing.assert_close(ours(x), out)


def test_basicsr_rcan() -> None:
    torch.manual_seed(0)
    theirs = basicsr_rcan()
    network = RCAN((2,), groups=2, blocks=2, channels=8, reduction=4)
    ours = loaded(network, theirs.state_dict())
    x = torch.rand(1, 3, 6, 5)
    shallow = theirs.conv_first(255 * (x - MEAN))
    deep = shallow
    for group in theirs.body:
        inner = deep
        for block in group.residual_group:
            inner = inner + gated(block.rcab[:3](inner), block.rcab[3].attention)
        deep = deep + group.conv(inner)
    deep = theirs.upsample(shallow + theirs.conv_after_body(deep))
    torch.testing.assert_close(ours(x), theirs.conv_last(deep) / 255 + MEAN)


def test_msrresnet() -> None:
    torch.manual_seed(0)
    theirs = msrresnet()
    ours = loaded(MSRResNet((4,), blocks=2, channels=8), theirs.state_dict())
    x = torch.rand(1, 3, 6, 5)
    features = leaky_relu(theirs.conv_first(x), 0.1)
    for block in theirs.body:
        features = features + block.conv2(relu(block.conv1(features)))
    for up in (theirs.upconv1, theirs.upconv2):
        features = leaky_relu(pixel_shuffle(up(features), 2), 0.1)
    out = theirs.conv_last(leaky_relu(theirs.conv_hr(features), 0.1))
    torch.testing.assert_close(ours(x), out + interpolate(x, scale_factor=4, mode="bilinear"))


@pytest.mark.skipif(not PYTORCH_VDSR.is_file(), reason=f"needs {PYTORCH_VDSR.name} beside the repo")
def test_pytorch_vdsr_of_its_authors() -> None:
    state = load_weights(PYTORCH_VDSR)
    ours = loaded(VDSR(bias=False), state)
    x = torch.rand(1, 1, 12, 9)
    features = relu(conv2d(x, state["input.weight"], padding=1))
    for i in range(18):
        features = relu(conv2d(features, state[f"residual_layer.{i}.conv.weight"], padding=1))
    out = x + conv2d(features, state["output.weight"], padding=1)
    torch.testing.assert_close(ours(x), out)


@pytest.mark.parametrize(
    ("name", "norm", "bias", "eps"),
    [
        ("model", False, True, 0.0),  # KAIR's released files, e.g. dncnn_25.pth
        ("model", True, True, 1e-4),  # trained with KAIR
        ("dncnn", True, True, 1e-4),  # Zhang's training code
        ("dncnn", True, False, 1e-5),  # SaoYan's DnCNN-PyTorch
        ("module.dncnn", True, False, 1e-5),  # the same behind DataParallel
    ],
)
def test_dncnn_merges_its_normalisation_and_adds_what_it_subtracts(name, norm, bias, eps, tmp_path):
    torch.manual_seed(0)
    theirs = dncnn(norm, bias, eps=eps).eval()
    state = {f"{name}.{key}": value for key, value in theirs.state_dict().items()}
    torch.save(state, tmp_path / "dncnn.pth")
    network = DnCNN(depth=5, channels=8)
    ours = loaded(network, load_weights(tmp_path / "dncnn.pth"))
    x = torch.rand(1, 1, 12, 9)
    torch.testing.assert_close(ours(x), x - theirs(x), atol=1e-5, rtol=1e-4)


def test_dncnn_of_another_depth_is_refused() -> None:
    state = {f"model.{key}": value for key, value in dncnn(False, True).state_dict().items()}
    with pytest.raises(CheckpointError, match=r"these DnCNN weights do not fit DnCNN: 2 missing"):
        convert_keys(state, DnCNN(depth=6, channels=8))

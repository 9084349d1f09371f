"""Network Deconvolution in VDSR."""

import pytest
import torch

from sr_experiments.models import VDSR
from sr_experiments.models.layers import NetworkDeconv2d
from sr_experiments.models.layers.mean import DIV2K_Y_MEAN


def test_takes_the_convolution_for_all_layers_with_its_options():
    network = VDSR(depth=4, channels=8, conv="deconv", deconv={"block": 4, "eps": 1e-3})
    layers = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    assert [type(layer) for layer in layers] == [NetworkDeconv2d] * 4
    assert [layer.block for layer in layers] == [1, 4, 4, 4]
    assert {layer.eps for layer in layers} == {1e-3}
    assert [layer.n_iter for layer in layers] == [15, 5, 5, 5]


@pytest.mark.parametrize(("residual", "start"), [(True, 0.0), (False, DIV2K_Y_MEAN)])
def test_the_last_bias_carries_the_brightness_that_is_not_added(residual: bool, start: float):
    every_pixel = {"sampling_stride": 1}
    network = VDSR(depth=3, channels=8, residual=residual, conv="deconv", deconv=every_pixel)
    biases = [m.bias for m in network.modules() if isinstance(m, NetworkDeconv2d)]
    assert [b.abs().sum().item() for b in biases[:-1]] == [0, 0]
    assert biases[-1].item() == pytest.approx(start)
    x = torch.rand(4, 1, 24, 24)
    correction = network(x) - (x if residual else 0)
    assert correction.mean().item() == pytest.approx(start, abs=1e-4)

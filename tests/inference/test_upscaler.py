"""The self-ensemble and the clock of `Upscaler`."""

import pytest
import torch
from torch import Tensor, nn

from sr_experiments.inference import Upscaler
from sr_experiments.models import EDSR, SRCNN, VDSR, Network, REDNet

NETWORKS = {
    "interpolated": lambda: VDSR(depth=3, channels=4),
    "low-resolution": lambda: EDSR((2,), blocks=1, channels=4),
    "unpadded": lambda: SRCNN((2,), channels=(4, 4), padding=False),
    "strided": lambda: REDNet((2,), depth=4, channels=4, skip_interval=0, stride=2),
}


class Smoothing(Network):
    """Commutes with all eight symmetries."""

    in_channels, scales = 1, (2,)

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1, bias=False).double()
        kernel = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
        self.conv.weight.data.copy_(kernel)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv(x) - 0.3)


def pixels(channels: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return 255 * torch.rand(1, channels, 13, 18, dtype=torch.float64, generator=generator)


def test_a_network_without_preferred_direction_gains_nothing():
    x, network = pixels(1), Smoothing()
    single = Upscaler(network)(x, 2)
    torch.testing.assert_close(Upscaler(network, self_ensemble=True)(x, 2), single)


@pytest.mark.parametrize("name", NETWORKS)
def test_is_the_average_over_flips_and_turns_of_the_image(name: str):
    """By numpy-like flips and transpositions of the low-resolution image, not by `dihedral`."""
    network = NETWORKS[name]().double()
    x = pixels(network.in_channels)
    results = []
    for flip_rows in (False, True):
        for flip_columns in (False, True):
            for transpose in (False, True):
                y = x.flip(-2) if flip_rows else x
                y = y.flip(-1) if flip_columns else y
                y = y.mT if transpose else y
                out = Upscaler(network)(y, 2)
                out = out.mT if transpose else out
                out = out.flip(-1) if flip_columns else out
                results.append(out.flip(-2) if flip_rows else out)
    expected = torch.stack(results).mean(0)
    ensemble = Upscaler(network, self_ensemble=True)(x, 2)
    torch.testing.assert_close(ensemble, expected)
    assert (results[0] - expected).abs().max() > 1e-6


def test_seconds_are_those_of_the_latest_call():
    upscaler = Upscaler(VDSR(depth=2, channels=2))
    assert upscaler.seconds == 0
    upscaler(pixels(3), 2)
    assert 0 < upscaler.seconds < 10

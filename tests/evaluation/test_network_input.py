"""In scoring a network sees what it saw in training."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from torch import Tensor

from sr_experiments.data.store.spec import StoreSpec
from sr_experiments.evaluation import NAMED, Protocol
from sr_experiments.imaging import Degradation, imresize
from sr_experiments.models import Network
from tests.evaluation.test_benchmark import item

DEGRADATIONS = {
    "bicubic": Degradation(),
    "uint8": Degradation(resize="uint8"),
    "rounded": Degradation(quantise=True),
    "blur": Degradation(resize="decimate", blur=1.6),
    "jpeg": Degradation(quality=40),
    "jpeg of uint8": Degradation(resize="uint8", quality=40),
}


class Watching(Network):
    """Keeps its newest input, on 0..255."""

    scales = (2, 3)

    def __init__(self, channels: int, upsamples: bool) -> None:
        super().__init__()
        self.in_channels, self.upsamples = channels, upsamples

    def forward(self, x: Tensor) -> Tensor:
        self.seen = x * 255
        return x.repeat_interleave(3, -1).repeat_interleave(3, -2) if self.upsamples else x


def seen_in_scoring(protocol: Protocol, channels: int = 1, upsamples: bool = False) -> Tensor:
    network = Watching(channels, upsamples)
    small, _ = protocol.degrade(item()["image"], 3)
    protocol.upscaler(network)(small, 3)
    return network.seen[0]


@pytest.mark.parametrize("upsamples", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", DEGRADATIONS)
def test_input_is_that_of_the_stores(name: str, channels: int, upsamples: bool):
    degradation = DEGRADATIONS[name]
    rounds = degradation.resize == "uint8"
    source = "y" if channels == 1 else "rgb"
    protocol = Protocol("p", "y", source, rounds, True, True, degradation=degradation)
    stored = StoreSpec(channels, degradation, Fraction(3), 0, not upsamples)
    expected = stored.render(item()["image"]).double()
    torch.testing.assert_close(
        seen_in_scoring(protocol, channels, upsamples), expected, atol=1e-4, rtol=0
    )


def test_noise_is_not_rounded():
    noisy = Degradation(resize="uint8", sigma=10)
    seen = seen_in_scoring(replace(NAMED["y8"], degradation=noisy))
    assert (seen - seen.round()).abs().max() > 0.4
    same_size = Watching(1, False)
    protocol = replace(NAMED["y8"], degradation=noisy)
    small, _ = protocol.degrade(item()["image"], 1)
    protocol.upscaler(same_size)(small, 1)
    torch.testing.assert_close(same_size.seen, small, atol=1e-4, rtol=0)


@pytest.mark.parametrize("border", ["symmetric", "replicate"])
def test_input_has_the_protocol_s_border(border):
    protocol = replace(NAMED["vdsr"], border=border)
    small, _ = protocol.degrade(item()["image"], 3)
    expected = imresize(small, 3, border=border)
    torch.testing.assert_close(seen_in_scoring(protocol), expected[0], atol=1e-4, rtol=0)

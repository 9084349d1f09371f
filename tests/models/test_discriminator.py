"""SRGAN's discriminator takes any crop, or exactly the paper's."""

import pytest
import torch

from sr_experiments.models import Discriminator


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (96, 96)])
def test_any_size_from_32(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    network = Discriminator(channels=4)
    logits = network(torch.rand(2, 3, *size))
    assert logits.shape == (2, 1)
    logits.square().sum().backward()
    for parameter in network.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()
        assert parameter.grad.abs().sum() > 0


def test_returns_logits_of_both_signs() -> None:
    torch.manual_seed(0)
    logits = Discriminator(channels=4)(torch.randn(32, 3, 32, 32))
    assert logits.min() < 0 < logits.max()


def test_fixed_size() -> None:
    network = Discriminator(48, channels=4, in_channels=1)
    assert network(torch.rand(2, 1, 48, 48)).shape == (2, 1)
    with pytest.raises(ValueError, match="made for 48 x 48 pixels, got 48 x 64"):
        network(torch.rand(2, 1, 48, 64))


def test_too_small() -> None:
    with pytest.raises(ValueError, match="needs images from 32 x 32 pixels, got 31 x 40"):
        Discriminator(channels=4)(torch.rand(2, 3, 31, 40))

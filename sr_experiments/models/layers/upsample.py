"""Enlarging by sub-pixel convolution."""

from collections.abc import Callable
from typing import Any

from torch import nn

from sr_experiments.models.layers.conv import ConvKind, conv2d


def upsampler(
    scale: int,
    channels: int,
    activation: Callable[[], nn.Module] | None = None,
    conv: ConvKind = "plain",
    **whitening: Any,
) -> nn.Sequential:
    """Sub-pixel convolutions (Shi et al., CVPR 2016): x2 steps for powers of two, one x3 step.

    Args:
        scale: 2, 3, 4 or 8.
        channels: feature maps, before and after.
        activation: makes the activation behind each step; EDSR has none, SRResNet PReLU.
        conv: kind of the convolutions.
        whitening: options of `conv="deconv"`.

    Shapes:
        [B, channels, H, W] -> [B, channels, scale * H, scale * W].

    Raises:
        ValueError: another scale.
    """
    if scale not in (2, 3, 4, 8):
        raise ValueError(f"scale must be 2, 3, 4 or 8, got {scale}")
    steps = [3] if scale == 3 else [2] * (scale.bit_length() - 1)
    layers: list[nn.Module] = []
    for step in steps:
        layers += [conv2d(channels, channels * step**2, 3, kind=conv, **whitening)]
        layers += [nn.PixelShuffle(step)]
        if activation is not None:
            layers.append(activation())
    return nn.Sequential(*layers)

"""One name for the two kinds of convolution that a network can be built from."""

from typing import Any, Literal, get_args

from torch import nn

from sr_experiments.models.layers.deconv import NetworkDeconv2d
from sr_experiments.models.network import check_choice

ConvKind = Literal["plain", "deconv"]


def conv2d(
    in_channels: int,
    out_channels: int,
    kernel: int,
    padding: int | None = None,
    bias: bool = True,
    kind: ConvKind = "plain",
    **whitening: Any,
) -> nn.Conv2d:
    """A convolution of stride 1, by default with zero padding that keeps the size.

    Args:
        in_channels: feature maps that come in.
        out_channels: feature maps that go out.
        kernel: its side.
        padding: zeros on each side.
        bias: with biases.
        kind: "plain", or "deconv" for Network Deconvolution.
        whitening: options of `NetworkDeconv2d`, unused by "plain".

    Raises:
        ValueError: another kind, or a whitening option is out of range.
    """
    check_choice("conv", kind, get_args(ConvKind))
    pad = kernel // 2 if padding is None else padding
    if kind == "plain":
        return nn.Conv2d(in_channels, out_channels, kernel, padding=pad, bias=bias)
    return NetworkDeconv2d(in_channels, out_channels, kernel, padding=pad, bias=bias, **whitening)


def image_conv2d(*args: Any, **options: Any) -> nn.Conv2d:
    """`conv2d` on an image instead of feature maps.

    Patches of an image are almost constant, so that their covariance is ill-conditioned and takes
    three times as many iterations to whiten, as in the authors' own first layers.
    """
    return conv2d(*args, **{"n_iter": 15, **options})

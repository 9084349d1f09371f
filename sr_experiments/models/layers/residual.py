"""The residual block of SRResNet, EDSR and their kin."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, get_args

from torch import Tensor, nn

from sr_experiments.models.layers.conv import conv2d
from sr_experiments.models.network import check_choice

Norm = Literal["none", "batch", "group", "deconv"]
RELU = partial(nn.ReLU, inplace=True)


class ResidualBlock(nn.Module):
    """x + res_scale * (conv - norm - activation - conv - norm)(x), 3x3.

    "none" with ReLU is EDSR's block (Lim et al., CVPRW 2017, Fig. 2c), "batch" with PReLU is
    SRResNet's (Ledig et al., CVPR 2017, Fig. 4).

    Args:
        channels: feature maps.
        norm: "none"; "batch" normalisation; "group" normalisation; or "deconv", where Network
            Deconvolution inside the convolutions takes the place of a normalisation layer.
        activation: makes the activation.
        res_scale: factor on the residual; EDSR uses 0.1 with 256 maps.
        groups: channel groups of "group".
        whitening: options of "deconv", see `NetworkDeconv2d`.

    Shapes:
        [B, channels, H, W] -> [B, channels, H, W].

    Raises:
        ValueError: unknown norm, or the channels cannot be split into groups.
    """

    def __init__(
        self,
        channels: int,
        norm: Norm = "none",
        activation: Callable[[], nn.Module] = RELU,
        res_scale: float = 1.0,
        groups: int = 8,
        **whitening: Any,
    ) -> None:
        super().__init__()
        # Batch normalisation takes a bias away again, so that its convolutions have none.
        conv = partial(conv2d, channels, channels, 3, bias=norm != "batch")
        if norm == "deconv":
            conv = partial(conv, kind="deconv", **whitening)
        self.conv1 = conv()
        self.norm1 = normalisation(norm, channels, groups)
        self.activation = activation()
        self.conv2 = conv()
        self.norm2 = normalisation(norm, channels, groups)
        self.res_scale = res_scale

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.activation(self.norm1(self.conv1(x)))
        out = self.norm2(self.conv2(out))
        return x + (out if self.res_scale == 1 else out * self.res_scale)


def normalisation(norm: Norm, channels: int, groups: int = 8) -> nn.Module:
    """The layer behind a convolution; none at all for "none" and "deconv".

    Args:
        norm: which one.
        channels: feature maps of its input.
        groups: groups of a group normalisation.

    Raises:
        ValueError: unknown norm, or the channels cannot be split into groups.
    """
    check_choice("norm", norm, get_args(Norm))
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    if norm == "group":
        if groups < 1 or channels % groups:
            raise ValueError(f"norm=group: {channels} channels do not split into {groups} groups")
        return nn.GroupNorm(groups, channels)
    return nn.Identity()

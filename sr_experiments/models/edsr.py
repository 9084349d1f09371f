"""EDSR."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from torch import Tensor, nn

from sr_experiments.models.layers import (
    ConvKind,
    Norm,
    ResidualBlock,
    conv2d,
    div2k_mean,
    image_conv2d,
    upsampler,
)
from sr_experiments.models.network import Network, check_choice, check_positive, single_scale
from sr_experiments.ranges import Count


class EDSR(Network):
    """Enhanced deep SR network (Lim et al., CVPRW 2017, Fig. 3).

    The defaults are the paper's baseline; its full EDSR has 32 blocks of 256 maps and
    res_scale 0.1 (Table 1). Weights start as in torch, as in the authors' code.

    Args:
        scales: the one scale, 2, 3 or 4.
        blocks: residual blocks.
        channels: feature maps.
        res_scale: factor on each block's residual (Sec. 3.3).
        norm: "none" as in the paper; "batch", "group" or "deconv" inside the residual blocks.
        conv: "deconv" takes Network Deconvolution (Ye et al., ICLR 2020) for the convolutions.
        where: with `conv="deconv"`: "body" for those of the residual blocks, "all" for every one.
        deconv: options of `NetworkDeconv2d`.
        in_channels: 3 = RGB as in the paper, 1 = Y.

    Shapes:
        [B, C, H, W] low-resolution in [0, 1] -> [B, C, scale * H, scale * W].

    Raises:
        ValueError: an argument is impossible, or `conv` and `norm` contradict each other.
    """

    upsamples = True

    def __init__(
        self,
        scales: Sequence[float] = (2,),
        blocks: Count = 16,
        channels: Count = 64,
        res_scale: float = 1.0,
        norm: Norm = "none",
        conv: ConvKind = "plain",
        where: Literal["body", "all"] = "body",
        deconv: Mapping[str, Any] | None = None,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        check_positive(blocks=blocks, channels=channels)
        check_choice("conv", conv, get_args(ConvKind))
        check_choice("where", where, ("body", "all"))
        if conv == "deconv" and norm not in ("none", "deconv"):
            raise ValueError(f"conv=deconv takes the place of a normalisation, got norm={norm}")
        scale = single_scale(scales)
        self.in_channels, self.scales = in_channels, (scale,)
        self.mean: Tensor
        self.register_buffer("mean", div2k_mean(in_channels), persistent=False)

        options = dict(deconv or {})
        kind: ConvKind = conv if where == "all" else "plain"
        if conv == "deconv":
            norm = "deconv"
        self.head = image_conv2d(in_channels, channels, 3, kind=kind, **options)
        self.blocks = nn.Sequential(
            *(ResidualBlock(channels, norm, res_scale=res_scale, **options) for _ in range(blocks))
        )
        self.fuse = conv2d(channels, channels, 3, kind=kind, **options)
        self.upsample = upsampler(scale, channels, conv=kind, **options)
        self.tail = conv2d(channels, in_channels, 3, kind=kind, **options)

    def forward(self, x: Tensor) -> Tensor:
        shallow = self.head(x - self.mean)
        deep = shallow + self.fuse(self.blocks(shallow))
        out: Tensor = self.tail(self.upsample(deep)) + self.mean
        return out

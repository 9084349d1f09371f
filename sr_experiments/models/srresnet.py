"""SRResNet, which is also SRGAN's generator."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from sr_experiments.models.layers import Norm, ResidualBlock, conv2d, normalisation, upsampler
from sr_experiments.models.network import Network, check_positive, single_scale
from sr_experiments.ranges import Count


class SRResNet(Network):
    """SR residual network (Ledig et al., CVPR 2017, Fig. 4).

    k9 - PReLU - blocks - conv - BN, a skip around the blocks, sub-pixel steps with PReLU, k9. The
    PReLUs have one slope each. Weights start as in torch; the output is linear.

    Args:
        scales: the one scale; 4 in the paper.
        blocks: residual blocks.
        channels: feature maps.
        norm: of the residual blocks and of the convolution behind them; "batch" in the paper.
        in_channels: 3 = RGB as in the paper, 1 = Y.
        options: further options of `ResidualBlock`, as `groups` of "group" or those of "deconv".

    Shapes:
        [B, C, H, W] low-resolution in [0, 1] -> [B, C, scale * H, scale * W].

    Raises:
        ValueError: an argument is impossible.
    """

    upsamples = True

    def __init__(
        self,
        scales: Sequence[float] = (4,),
        blocks: Count = 16,
        channels: Count = 64,
        norm: Norm = "batch",
        in_channels: int = 3,
        **options: Any,
    ) -> None:
        super().__init__()
        check_positive(blocks=blocks, channels=channels, in_channels=in_channels)
        scale = single_scale(scales)
        self.in_channels, self.scales = in_channels, (scale,)
        self.head = nn.Sequential(conv2d(in_channels, channels, 9), nn.PReLU())
        self.blocks = nn.Sequential(
            *(ResidualBlock(channels, norm, nn.PReLU, **options) for _ in range(blocks))
        )
        self.fuse = nn.Sequential(
            conv2d(channels, channels, 3, bias=norm != "batch"),
            normalisation(norm, channels, options.get("groups", 8)),
        )
        self.upsample = upsampler(scale, channels, nn.PReLU)
        self.tail = conv2d(channels, in_channels, 9)

    def forward(self, x: Tensor) -> Tensor:
        shallow = self.head(x)
        deep = shallow + self.fuse(self.blocks(shallow))
        out: Tensor = self.tail(self.upsample(deep))
        return out

"""RCAN."""

from collections.abc import Sequence

from torch import Tensor, nn

from sr_experiments.models.layers import GlobalMean, conv2d, div2k_mean, upsampler
from sr_experiments.models.network import Network, check_positive, single_scale
from sr_experiments.ranges import Count


class RCAN(Network):
    """Residual channel attention network (Zhang et al., ECCV 2018, Figs. 2 to 4).

    Residual in residual: blocks in groups with a short skip each, and a long skip around all
    groups. Weights start as in torch, as in the authors' code.

    Args:
        scales: the one scale, 2, 3, 4 or 8.
        groups: residual groups.
        blocks: residual channel attention blocks per group.
        channels: feature maps.
        reduction: factor by which channel attention narrows the maps.
        in_channels: 3 = RGB as in the paper, 1 = Y.

    Shapes:
        [B, C, H, W] low-resolution in [0, 1] -> [B, C, scale * H, scale * W].

    Raises:
        ValueError: an argument is impossible.
    """

    upsamples = True

    def __init__(
        self,
        scales: Sequence[float] = (2,),
        groups: Count = 10,
        blocks: Count = 20,
        channels: Count = 64,
        reduction: int = 16,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        check_positive(groups=groups, blocks=blocks, channels=channels)
        scale = single_scale(scales, (2, 3, 4, 8))
        self.in_channels, self.scales = in_channels, (scale,)
        self.mean: Tensor
        self.register_buffer("mean", div2k_mean(in_channels), persistent=False)
        self.head = conv2d(in_channels, channels, 3)
        self.groups = nn.Sequential(
            *(ResidualGroup(channels, blocks, reduction) for _ in range(groups))
        )
        self.fuse = conv2d(channels, channels, 3)
        self.upsample = upsampler(scale, channels)
        self.tail = conv2d(channels, in_channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        shallow = self.head(x - self.mean)
        deep = shallow + self.fuse(self.groups(shallow))
        out: Tensor = self.tail(self.upsample(deep)) + self.mean
        return out


class ResidualGroup(nn.Module):
    """Attention blocks and a convolution with a short skip around them (Fig. 2).

    Args:
        channels: feature maps.
        blocks: residual channel attention blocks.
        reduction: by how much the attention's inner layer is narrower than the feature maps.

    Shapes:
        [B, channels, H, W] -> the same.
    """

    def __init__(self, channels: int, blocks: int, reduction: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(ResidualAttentionBlock(channels, reduction) for _ in range(blocks))
        )
        self.fuse = conv2d(channels, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.fuse(self.blocks(x))
        return out


class ResidualAttentionBlock(nn.Module):
    """conv - ReLU - conv - channel attention, with a skip around them (Fig. 4).

    Shapes:
        [B, channels, H, W] -> the same.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.conv1 = conv2d(channels, channels, 3)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv2d(channels, channels, 3)
        self.attention = ChannelAttention(channels, reduction)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.attention(self.conv2(self.relu(self.conv1(x))))
        return out


class ChannelAttention(nn.Module):
    """Scales each feature map by a gate computed from the means of all (Fig. 3).

    Shapes:
        [B, channels, H, W] -> the same.

    Raises:
        ValueError: `reduction` does not divide the channels.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        if reduction < 1 or channels % reduction:
            raise ValueError(f"reduction must divide the {channels} channels, got {reduction}")
        self.mean = GlobalMean()
        self.reduce = conv2d(channels, channels // reduction, 1)
        self.expand = conv2d(channels // reduction, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.reduce(self.mean(x)).relu()
        out: Tensor = x * self.expand(gate).sigmoid()
        return out

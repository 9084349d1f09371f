"""HRAN."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sr_experiments.models.layers import GlobalMean, conv2d, div2k_mean, upsampler
from sr_experiments.models.network import Network, check_positive, single_scale
from sr_experiments.ranges import Count


class HRAN(Network):
    """Hierarchical residual attention network (Behjati et al., arXiv 2012.04578).

    Blocks in groups; at both levels the outputs are fused into a feature bank, and the gated
    residuals beside them into an attention bank. The banks follow the abstract, a public
    re-implementation and the authors' later DiVANet, which agree on them; mean shift and the skip
    over bicubic interpolation follow DiVANet alone. The paper's sizes were not at hand.

    Args:
        scales: the one scale, 2, 3 or 4.
        groups: residual attention feature groups.
        blocks: residual blocks per group.
        channels: feature maps.
        in_channels: 3 = RGB, 1 = Y.

    Shapes:
        [B, C, H, W] low-resolution in [0, 1] -> [B, C, scale * H, scale * W].

    Raises:
        ValueError: an argument is impossible.
    """

    upsamples = True

    def __init__(
        self,
        scales: Sequence[float] = (2,),
        groups: Count = 3,
        blocks: Count = 3,
        channels: Count = 64,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        check_positive(groups=groups, blocks=blocks, channels=channels)
        scale = single_scale(scales)
        self.in_channels, self.scales = in_channels, (scale,)
        self.mean: Tensor
        self.register_buffer("mean", div2k_mean(in_channels), persistent=False)
        self.head = conv2d(in_channels, channels, 3)
        self.groups = nn.ModuleList(FeatureGroup(channels, blocks) for _ in range(groups))
        self.banks = Banks(channels, groups)
        self.upsample = upsampler(scale, channels, nn.ReLU)
        self.tail = conv2d(channels, in_channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        shallow = self.head(x - self.mean)
        features, attentions = [shallow], []
        for group in self.groups:
            out, attention = group(features[-1])
            features.append(out)
            attentions.append(attention)
        feature, attention = self.banks(features, attentions)
        image: Tensor = self.tail(self.upsample(shallow + feature + attention))
        return image + F.interpolate(x, image.shape[-2:], mode="bicubic", align_corners=False)


class FeatureGroup(nn.Module):
    """Residual blocks whose gated residuals run beside them, not through them.

    Shapes:
        [B, channels, H, W] -> the features and their attention, both of the same shape.
    """

    def __init__(self, channels: int, blocks: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(
                conv2d(channels, channels, 3), nn.ReLU(inplace=True), conv2d(channels, channels, 3)
            )
            for _ in range(blocks)
        )
        self.gates = nn.ModuleList(Gate(channels) for _ in range(blocks))
        self.banks = Banks(channels, blocks)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features, attentions = [x], []
        for block, gate in zip(self.blocks, self.gates, strict=True):
            residual = block(features[-1])
            features.append(features[-1] + residual)
            attentions.append(gate(residual))
        feature, attention = self.banks(features, attentions)
        return feature + attention, attention


class Banks(nn.Module):
    """Fuses an input and n outputs into one feature bank, n attentions into a gated one.

    Shapes:
        n + 1 and n maps [B, channels, H, W] -> two of the same shape.
    """

    def __init__(self, channels: int, n: int) -> None:
        super().__init__()
        self.feature = conv2d((n + 1) * channels, channels, 1)
        self.attention = nn.Sequential(conv2d(n * channels, channels, 1), Gate(channels))

    def forward(self, features: list[Tensor], attentions: list[Tensor]) -> tuple[Tensor, Tensor]:
        return self.feature(torch.cat(features, 1)), self.attention(torch.cat(attentions, 1))


class Gate(nn.Module):
    """Lightweight channel attention: one 1x1 convolution on the maps' means.

    Shapes:
        [B, channels, H, W] -> the same.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mean = GlobalMean()
        self.conv = conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x * self.conv(self.mean(x)).sigmoid()
        return out

"""MSRResNet, the SRResNet of BasicSR."""

from collections.abc import Sequence
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from sr_experiments.models.layers import ResidualBlock, conv2d, upsampler
from sr_experiments.models.network import Network, check_positive, single_scale
from sr_experiments.ranges import Count


class MSRResNet(Network):
    """Modified SRResNet (Wang et al., ECCVW 2018, code of ESRGAN and BasicSR).

    SRResNet without normalisation and without the skip around its blocks, with one more
    convolution after the sub-pixel steps, predicting the difference to bilinear interpolation.
    Weights start as He's, scaled by 0.1.

    Args:
        scales: the one scale, 2, 3 or 4.
        blocks: residual blocks.
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
        scales: Sequence[float] = (4,),
        blocks: Count = 16,
        channels: Count = 64,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        check_positive(blocks=blocks, channels=channels, in_channels=in_channels)
        scale = single_scale(scales)
        self.in_channels, self.scales = in_channels, (scale,)
        activation = partial(nn.LeakyReLU, 0.1, inplace=True)
        self.head = conv2d(in_channels, channels, 3)
        self.blocks = nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))
        self.upsample = upsampler(scale, channels, activation)
        self.refine = conv2d(channels, channels, 3)
        self.tail = conv2d(channels, in_channels, 3)
        self.activation = activation()
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d) and layer.bias is not None:
                nn.init.kaiming_normal_(layer.weight)
                layer.weight.data.mul_(0.1)
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        features = self.upsample(self.blocks(self.activation(self.head(x))))
        out: Tensor = self.tail(self.activation(self.refine(features)))
        return out + F.interpolate(x, out.shape[-2:], mode="bilinear", align_corners=False)

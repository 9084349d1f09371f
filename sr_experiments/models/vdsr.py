"""VDSR."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from sr_experiments.models.network import Network, check_scales


class VDSR(Network):
    """Very deep SR network (Kim et al., CVPR 2016, Fig. 2), initialised as by He et al.

    Args:
        scales: scales to train and evaluate on; one network serves several (Sec. 3.3).
        depth: number of 3x3 weight layers, 20 in the paper; the receptive field is 2 * depth + 1
            pixels.
        channels: feature maps per hidden layer.
        residual: predict target - input (Sec. 3.2) instead of the target itself (Table 1's
            "non-residual").
        bias: biases in every layer; some public re-implementations have none.
        in_channels: 1 = Y as in the paper, 3 = RGB.

    Shapes:
        [B, C, H, W] bicubic-interpolated in [0, 1] -> [B, C, H, W].

    Raises:
        ValueError: fewer than 2 layers or fewer than 1 channel.
    """

    def __init__(
        self,
        scales: Sequence[float] = (2, 3, 4),
        depth: int = 20,
        channels: int = 64,
        residual: bool = True,
        bias: bool = True,
        in_channels: int = 1,
    ) -> None:
        super().__init__()
        if depth < 2:
            raise ValueError(f"depth must be at least 2 layers, got {depth}")
        if channels < 1 or in_channels < 1:
            raise ValueError(f"channels must be at least 1, got {min(channels, in_channels)}")
        self.in_channels = in_channels
        self.scales = check_scales(scales)
        self.residual = residual

        widths = (in_channels, *[channels] * (depth - 1), in_channels)
        layers: list[nn.Module] = []
        for width, next_width in pairwise(widths):
            conv = nn.Conv2d(width, next_width, 3, padding=1, bias=bias)
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
            if conv.bias is not None:
                nn.init.zeros_(conv.bias)
            layers += [conv, nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.body(x)
        return x + out if self.residual else out

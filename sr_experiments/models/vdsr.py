"""VDSR."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any

from annotated_types import Ge
from torch import Tensor, nn

from sr_experiments.models.layers import ConvKind, conv2d, div2k_mean, image_conv2d
from sr_experiments.models.network import Network, check_scales
from sr_experiments.ranges import Count


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
        conv: "plain", or "deconv" to take Network Deconvolution (Ye et al., ICLR 2020) for all
            convolutions. Since that removes the mean of its input, the last bias of a network that
            is not residual carries the brightness and starts at the mean of DIV2K instead of 0.
        deconv: options of `NetworkDeconv2d`.
        in_channels: 1 = Y as in the paper, 3 = RGB.

    Shapes:
        [B, C, H, W] bicubic-interpolated in [0, 1] -> [B, C, H, W].

    Raises:
        ValueError: fewer than 2 layers or fewer than 1 channel; nothing carries the brightness.
    """

    def __init__(
        self,
        scales: Sequence[float] = (2, 3, 4),
        depth: Annotated[int, Ge(2)] = 20,
        channels: Count = 64,
        residual: bool = True,
        bias: bool = True,
        conv: ConvKind = "plain",
        deconv: Mapping[str, Any] | None = None,
        in_channels: int = 1,
    ) -> None:
        super().__init__()
        if depth < 2:
            raise ValueError(f"depth must be at least 2 layers, got {depth}")
        if channels < 1 or in_channels < 1:
            raise ValueError(f"channels must be at least 1, got {min(channels, in_channels)}")
        if conv == "deconv" and not (residual or bias):
            raise ValueError("bias must be true with conv=deconv and residual=false")
        self.in_channels = in_channels
        self.scales = check_scales(scales)
        self.residual = residual

        widths = (in_channels, *[channels] * (depth - 1), in_channels)
        layers: list[nn.Module] = []
        make: Callable[..., nn.Conv2d] = image_conv2d
        for width, next_width in pairwise(widths):
            layer = make(width, next_width, 3, bias=bias, kind=conv, **(deconv or {}))
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
            layers += [layer, nn.ReLU(inplace=True)]
            make = conv2d
        if conv == "deconv" and not residual and layer.bias is not None:
            layer.bias.data.copy_(div2k_mean(in_channels).flatten())
        self.body = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.body(x)
        return x + out if self.residual else out

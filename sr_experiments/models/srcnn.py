"""SRCNN."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from sr_experiments.models.layers import ConvKind, conv2d, div2k_mean, image_conv2d
from sr_experiments.models.network import Network, check_scales


class SRCNN(Network):
    """SR convolutional network (Dong et al., ECCV 2014 and TPAMI 2016, Fig. 2).

    Patch extraction, non-linear mapping and reconstruction, with ReLU between them.

    Args:
        scales: scales to train and evaluate on; the paper trains one network per scale.
        kernels: the sizes of the three filters: 9-1-5 is the paper's basic network, 9-3-5 and
            9-5-5 are the larger ones (Sec. 4.3.3).
        channels: feature maps of the two hidden layers.
        padding: zero padding, so that the output has the input's size. The paper trains without,
            and scores only the pixels that depend on no border (33 x 33 -> 21 x 21 for 9-1-5).
        conv: "plain", or "deconv" to take Network Deconvolution (Ye et al., ICLR 2020) for all
            three convolutions. Since that removes the mean of its input, the last bias carries
            the brightness of the image and starts at the mean of DIV2K instead of 0.
        deconv: options of `NetworkDeconv2d`.
        in_channels: 1 = Y, 3 = RGB.
        std: standard deviation of the Gaussians that weights start as, with biases of 0; the
            paper's 0.001 (Sec. 3.3) takes a few hundred steps to leave a gray image. None: torch's
            own initial values, which do not.

    Shapes:
        [B, C, H, W] bicubic-interpolated in [0, 1] -> [B, C, H, W], or without padding
        [B, C, H - 2 * output_margin, W - 2 * output_margin].

    Raises:
        ValueError: an argument is impossible (an even kernel, fewer than one channel).
    """

    def __init__(
        self,
        scales: Sequence[float] = (3,),
        kernels: Sequence[int] = (9, 1, 5),
        channels: Sequence[int] = (64, 32),
        padding: bool = True,
        conv: ConvKind = "plain",
        deconv: Mapping[str, Any] | None = None,
        in_channels: int = 1,
        std: float | None = 0.001,
    ) -> None:
        super().__init__()
        if len(kernels) != 3 or any(k < 1 or k % 2 == 0 for k in kernels):
            raise ValueError(f"kernels must be three odd sizes, as [9, 1, 5], got {list(kernels)}")
        if len(channels) != 2 or min(*channels, in_channels) < 1:
            raise ValueError(f"channels must be two positive numbers, got {list(channels)}")
        self.in_channels = in_channels
        self.scales = check_scales(scales)
        self.output_margin = 0 if padding else sum(k // 2 for k in kernels)

        widths = (in_channels, *channels, in_channels)
        pads = [k // 2 if padding else 0 for k in kernels]
        self.conv1, self.conv2, self.conv3 = (
            make(widths[i], widths[i + 1], kernels[i], pads[i], kind=conv, **(deconv or {}))
            for i, make in enumerate((image_conv2d, conv2d, conv2d))
        )
        self.relu = nn.ReLU(inplace=True)
        if std is not None:
            if std <= 0:
                raise ValueError(f"std must be positive, or null for torch's own, got {std}")
            for layer in (self.conv1, self.conv2, self.conv3):
                nn.init.normal_(layer.weight, std=std)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        if conv == "deconv" and self.conv3.bias is not None:
            self.conv3.bias.data.copy_(div2k_mean(in_channels).flatten())

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv1(x))
        x = self.relu(self.conv2(x))
        out: Tensor = self.conv3(x)
        return out

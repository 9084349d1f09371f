"""SRCNN."""

from collections.abc import Sequence

from torch import Tensor, nn

from sr_experiments.models.network import Network, check_scales


class SRCNN(Network):
    """SR convolutional network (Dong et al., ECCV 2014 and TPAMI 2016, Fig. 2).

    Patch extraction, non-linear mapping and reconstruction, with ReLU between them. Weights start
    as Gaussians of standard deviation 0.001 and biases as 0 (Sec. 3.3).

    Args:
        scales: scales to train and evaluate on; the paper trains one network per scale.
        kernels: the sizes of the three filters: 9-1-5 is the paper's basic network, 9-3-5 and
            9-5-5 are the larger ones (Sec. 4.3.3).
        channels: feature maps of the two hidden layers.
        padding: zero padding, so that the output has the input's size. The paper trains without,
            and scores only the pixels that depend on no border (33 x 33 -> 21 x 21 for 9-1-5).
        in_channels: 1 = Y, 3 = RGB.

    Shapes:
        [B, C, H, W] bicubic-interpolated in [0, 1] -> [B, C, H, W], or without padding
        [B, C, H - 2 * margin, W - 2 * margin].

    Raises:
        ValueError: an argument is impossible (an even kernel, fewer than one channel).
    """

    def __init__(
        self,
        scales: Sequence[float] = (3,),
        kernels: Sequence[int] = (9, 1, 5),
        channels: Sequence[int] = (64, 32),
        padding: bool = True,
        in_channels: int = 1,
    ) -> None:
        super().__init__()
        if len(kernels) != 3 or any(k < 1 or k % 2 == 0 for k in kernels):
            raise ValueError(f"kernels must be three odd sizes, as [9, 1, 5], got {list(kernels)}")
        if len(channels) != 2 or min(*channels, in_channels) < 1:
            raise ValueError(f"channels must be two positive numbers, got {list(channels)}")
        self.in_channels = in_channels
        self.scales = check_scales(scales)
        self.margin = 0 if padding else sum(k // 2 for k in kernels)

        widths = (in_channels, *channels, in_channels)
        pads = [k // 2 if padding else 0 for k in kernels]
        self.conv1, self.conv2, self.conv3 = (
            nn.Conv2d(widths[i], widths[i + 1], kernels[i], padding=pads[i]) for i in range(3)
        )
        self.relu = nn.ReLU(inplace=True)
        for conv in (self.conv1, self.conv2, self.conv3):
            nn.init.normal_(conv.weight, std=0.001)
            if conv.bias is not None:
                nn.init.zeros_(conv.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv1(x))
        x = self.relu(self.conv2(x))
        out: Tensor = self.conv3(x)
        return out

"""SRGAN's discriminator."""

from itertools import pairwise

from torch import Tensor, nn

from sr_experiments.models.network import check_positive


class Discriminator(nn.Module):
    """Tells photographs from super-resolved images (Ledig et al., CVPR 2017, Fig. 4).

    Eight 3x3 convolutions, every second of stride 2, from 64 to 512 maps; batch normalisation in
    all but the first; LeakyReLU 0.2; two dense layers.

    Args:
        input_size: side of the square input for which the first dense layer is made, 96 in the
            paper; None averages each map to one number instead, for any input from 32 x 32.
        channels: feature maps of the first layer.
        in_channels: 3 = RGB as in the paper, 1 = Y.

    Shapes:
        [B, C, H, W] -> [B, 1] logits: the paper's sigmoid belongs into the loss.

    Raises:
        ValueError: an argument is impossible; in forward(), an input of the wrong size.
    """

    minimum_size = 32

    def __init__(
        self, input_size: int | None = None, channels: int = 64, in_channels: int = 3
    ) -> None:
        super().__init__()
        check_positive(channels=channels, in_channels=in_channels)
        if input_size is not None and (input_size < self.minimum_size or input_size % 16):
            raise ValueError(
                f"input_size must be a multiple of 16 from {self.minimum_size}, got {input_size}"
            )
        self.input_size, self.in_channels = input_size, in_channels
        widths = (in_channels, *(channels * 2 ** (i // 2) for i in range(8)))
        layers: list[nn.Module] = []
        for i, (width, next_width) in enumerate(pairwise(widths)):
            layers.append(nn.Conv2d(width, next_width, 3, 1 + i % 2, 1, bias=i == 0))
            if i > 0:
                layers.append(nn.BatchNorm2d(next_width))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1) if input_size is None else nn.Identity()
        side = 1 if input_size is None else input_size // 16
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(widths[-1] * side**2, channels * 16),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(channels * 16, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        if self.input_size is None:
            if min(height, width) < self.minimum_size:
                raise ValueError(f"needs images from 32 x 32 pixels, got {height} x {width}")
        elif height != self.input_size or width != self.input_size:
            raise ValueError(
                f"made for {self.input_size} x {self.input_size} pixels, got {height} x {width}; "
                "input_size=null takes any size"
            )
        out: Tensor = self.classifier(self.pool(self.features(x)))
        return out

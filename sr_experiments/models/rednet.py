"""RED-Net."""

from collections.abc import Sequence
from typing import Annotated

import torch.nn.functional as F
from annotated_types import Ge
from torch import Tensor, nn

from sr_experiments.models.network import Network, check_positive, check_scales
from sr_experiments.ranges import Count, CountOrZero


class REDNet(Network):
    """Residual encoder-decoder network (Mao, Shen and Yang, NIPS 2016, Fig. 1).

    depth / 2 convolutions and as many transposed ones, 3x3. With n = depth / 2, skip connections
    leave convolutions s, 2s, ... and enter the mirrored transposed convolution n - s, n - 2s, ...,
    where the sum is rectified once more (Sec. 2.2; the released RED30 is wired like this). The
    last layer has no ReLU, and its output is added to the input image.

    Weights start as Xavier's: as He's, the sums would grow with every skip.

    Args:
        scales: scales to train and evaluate on; [1] for denoising.
        depth: layers in total; 10, 20 and 30 in the paper.
        channels: feature maps; 64 in the paper, 128 in the released network.
        skip_interval: convolutions between skips, 2 in the paper, 0 for none as in its RED10.
        stride: 2 halves the maps in the first layer and restores them in the last, for speed.
        residual: predict target - input.
        in_channels: 1 = Y as in the paper, 3 = RGB.

    Shapes:
        [B, C, H, W] bicubic-interpolated or noisy image in [0, 1] -> [B, C, H, W].

    Raises:
        ValueError: an odd depth, a skip that spans the whole network, or another impossible size.
    """

    def __init__(
        self,
        scales: Sequence[float] = (2, 3, 4),
        depth: Annotated[int, Ge(4)] = 30,
        channels: Count = 64,
        skip_interval: CountOrZero = 2,
        stride: int = 1,
        residual: bool = True,
        in_channels: int = 1,
    ) -> None:
        super().__init__()
        if depth < 4 or depth % 2:
            raise ValueError(f"depth must be an even number of at least 4, got {depth}")
        if not 0 <= skip_interval < depth // 2:
            raise ValueError(
                f"skip_interval must be 0 (none) to {depth // 2 - 1} at depth {depth}, "
                f"got {skip_interval}"
            )
        if stride not in (1, 2):
            raise ValueError(f"stride must be 1 or 2, got {stride}")
        check_positive(channels=channels, in_channels=in_channels)
        self.in_channels, self.scales = in_channels, check_scales(scales)
        self.skip_interval, self.stride, self.residual = skip_interval, stride, residual

        inner = depth // 2 - 1
        self.encoder = nn.ModuleList(
            [nn.Conv2d(in_channels, channels, 3, stride, 1)]
            + [nn.Conv2d(channels, channels, 3, padding=1) for _ in range(inner)]
        )
        # With stride 2 the output has an even size, which forward() crops to that of the input.
        self.decoder = nn.ModuleList(
            [nn.ConvTranspose2d(channels, channels, 3, padding=1) for _ in range(inner)]
            + [nn.ConvTranspose2d(channels, in_channels, 3, stride, 1, stride - 1)]
        )
        for layer in (*self.encoder, *self.decoder):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        features, skips = x, {}
        half = len(self.encoder)
        for i, conv in enumerate(self.encoder, start=1):
            features = F.relu(conv(features))
            if self.skip_interval and i % self.skip_interval == 0:
                skips[half - i] = features
        for j, deconv in enumerate(self.decoder, start=1):
            features = deconv(features)
            if j < half:
                features = F.relu(features)
            if j in skips:
                features = F.relu(features + skips[j])
        if self.stride > 1:
            # Crops by a negative padding: a slice would not export for free sizes.
            height, width = x.shape[-2] - features.shape[-2], x.shape[-1] - features.shape[-1]
            features = F.pad(features, (0, width, 0, height))
        return x + features if self.residual else features

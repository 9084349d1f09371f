"""DnCNN."""

from collections.abc import Sequence

from sr_experiments.models.vdsr import VDSR


class DnCNN(VDSR):
    """Denoising network (Zhang et al., TIP 2017, Fig. 1) with its normalisation merged.

    A stack of 3x3 convolutions with ReLU like VDSR's. The paper normalises each hidden layer over
    the batch while it trains and predicts the noise; here, as in the released networks,
    normalisation is part of the convolutions, and the prediction is added instead of subtracted.

    Args:
        scales: [1] for denoising; several for the interpolated images of the paper's DnCNN-3.
        depth: weight layers, 17 for one noise level, 20 for several (DnCNN-B, CDnCNN-B, DnCNN-3).
        channels: feature maps per hidden layer.
        in_channels: 1 = Y or gray, 3 = RGB.

    Shapes:
        [B, C, H, W] noisy, or bicubic-interpolated, in [0, 1] -> [B, C, H, W].

    Raises:
        ValueError: fewer than 2 layers or fewer than 1 channel.
    """

    def __init__(
        self,
        scales: Sequence[float] = (1,),
        depth: int = 17,
        channels: int = 64,
        in_channels: int = 1,
    ) -> None:
        super().__init__(scales, depth, channels, in_channels=in_channels)

"""Absolute errors where they vary most: at edges, texture and artifacts."""

from torch import Tensor, nn
from torch.nn import functional as F


class ArtifactLoss(nn.Module):
    """Locally discriminative learning (LDL; Liang et al., CVPR 2022, Eqs. 3 to 6).

    Absolute errors, weighted by their variance around each pixel times the fifth root of their
    variance over the image. The paper's further mask (where an averaged network does better) needs
    that network's result, and is left out: every pixel is weighted. Add it to a pixel loss.

    Args:
        window: side of the neighbourhood in pixels, odd; 7 in the paper.

    Shapes:
        two [B, C, H, W] in [0, 1] -> scalar; the weights are constant.

    Raises:
        ValueError: the window is even, or less than 3.
    """

    def __init__(self, window: int = 7) -> None:
        super().__init__()
        if window < 3 or window % 2 == 0:
            raise ValueError(f"window must be odd and at least 3, got {window}")
        self.window = window

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Two [B, C, H, W] -> scalar."""
        error = (prediction - target).abs()
        residual = error.detach().sum(dim=1, keepdim=True).float()
        whole = residual.var(dim=(1, 2, 3), keepdim=True) ** 0.2
        return (whole * self._local_variance(residual) * error).mean()

    def _local_variance(self, x: Tensor) -> Tensor:
        """Unbiased variance of the window around each pixel of [B, 1, H, W]."""
        reach, count = self.window // 2, self.window**2
        padded = F.pad(x, (reach,) * 4, mode="reflect")
        mean = F.avg_pool2d(padded, self.window, stride=1)
        square = F.avg_pool2d(padded.square(), self.window, stride=1)
        return (square - mean.square()).clamp(min=0) * (count / (count - 1))

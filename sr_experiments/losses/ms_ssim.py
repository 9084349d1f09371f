"""Structural similarity at several scales together with absolute errors."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_C1, _C2 = 0.01**2, 0.03**2


class MSSSIML1Loss(nn.Module):
    """MS-SSIM and L1 (Zhao et al., Loss Functions for Image Restoration, TCI 2017, Eq. 13).

    The scales are Gaussian windows of growing width on the full image instead of a pyramid (Sec.
    III-C), so that patches may be small; absolute errors are weighted by the widest window.

    Args:
        alpha: share of 1 - MS-SSIM; 0.84 in the paper.
        sigmas: standard deviations of the windows in pixels.

    Shapes:
        two [B, C, H, W] in [0, 1] -> scalar.

    Raises:
        ValueError: alpha is outside [0, 1], or a width is not positive.
    """

    def __init__(
        self, alpha: float = 0.84, sigmas: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0)
    ) -> None:
        super().__init__()
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha must be in [0, 1], got {alpha}")
        if not sigmas or min(sigmas) <= 0:
            raise ValueError(f"sigmas must be positive, got {list(sigmas)}")
        self.alpha = alpha
        self.sigmas = tuple(sorted(sigmas))

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Two [B, C, H, W] -> scalar."""
        x, y = prediction.float(), target.float()
        similarity = torch.ones_like(x)
        for sigma in self.sigmas:
            mean_x, mean_y = _blur(x, sigma), _blur(y, sigma)
            variances = _blur(x * x, sigma) - mean_x**2 + _blur(y * y, sigma) - mean_y**2
            covariance = _blur(x * y, sigma) - mean_x * mean_y
            similarity = similarity * (2 * covariance + _C2) / (variances + _C2)
        # Luminance counts at the widest scale alone.
        luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
        absolute = _blur((x - y).abs(), self.sigmas[-1])
        return (self.alpha * (1 - luminance * similarity) + (1 - self.alpha) * absolute).mean()


def _blur(x: Tensor, sigma: float) -> Tensor:
    """Gaussian means of [B, C, H, W]; beyond the border the image is mirrored."""
    batch, channels, height, width = x.shape
    for size, across in ((height, False), (width, True)):
        radius = min(math.ceil(2 * sigma), size - 1)
        places = torch.arange(-radius, radius + 1, device=x.device, dtype=x.dtype)
        kernel = torch.exp(-(places**2) / (2 * sigma**2))
        kernel = (kernel / kernel.sum()).view(1, 1, 1, -1)
        shape = (0, 0, radius, radius) if not across else (radius, radius, 0, 0)
        padded = F.pad(x, shape, mode="reflect").flatten(0, 1)[:, None]
        weight = kernel if across else kernel.transpose(2, 3)
        x = F.conv2d(padded, weight).view(batch, channels, height, width)
    return x

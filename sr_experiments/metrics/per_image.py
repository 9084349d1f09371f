"""torchmetrics classes whose value is the mean over images, exactly, on any number of processes."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from sr_experiments.metrics.functional import psnr, ssim


class ImageMean(Metric):
    """Mean of one number per image.

    Each process adds the images that it has seen; sums and counts are added across processes, so
    that the mean is exact as long as every image is seen once.

    Attributes:
        newest: the numbers of the latest update, [B].
    """

    higher_is_better = True
    full_state_update = False
    total: Tensor
    count: Tensor
    newest: Tensor
    per_image: Callable[[Tensor, Tensor], Tensor]  # two [B, C, H, W] -> [B]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_state("total", torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, prediction: Tensor, target: Tensor) -> None:
        """Adds the images of two [B, C, H, W] on 0..255."""
        self.newest = values = self.per_image(prediction, target)
        self.total += values.sum().to(self.total)
        self.count += values.numel()

    def compute(self) -> Tensor:
        """The mean over all images seen, a scalar in the metric's unit."""
        return self.total / self.count


class PSNR(ImageMean):
    """Mean over images of the peak signal-to-noise ratio in dB; see :func:`psnr`.

    Examples:
        >>> metric = PSNR()
        >>> metric.update(torch.full((1, 1, 8, 8), 100.0), torch.full((1, 1, 8, 8), 110.0))
        >>> round(metric.compute().item(), 2)
        28.13
    """

    per_image = staticmethod(psnr)


class SSIM(ImageMean):
    """Mean over images of the structural similarity; see :func:`ssim`."""

    per_image = staticmethod(ssim)

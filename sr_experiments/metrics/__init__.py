"""Image quality per image: functions, and torchmetrics classes that are exact across processes."""

from sr_experiments.metrics.functional import psnr, ssim
from sr_experiments.metrics.per_image import PSNR, SSIM
from sr_experiments.metrics.perceptual import (
    ColourMetric,
    ImageMetric,
    ImageMetricMean,
    arniqa,
    dists,
    lpips,
)

__all__ = [
    "PSNR",
    "SSIM",
    "ColourMetric",
    "ImageMetric",
    "ImageMetricMean",
    "arniqa",
    "dists",
    "lpips",
    "psnr",
    "ssim",
]

"""Image quality per image: functions, and torchmetrics classes that are exact across processes."""

from sr_experiments.metrics.functional import psnr, ssim
from sr_experiments.metrics.per_image import PSNR, SSIM
from sr_experiments.metrics.perceptual import Measure, MeasureMean, arniqa, dists, lpips
from sr_experiments.metrics.set_level import SetMeasure, check_size, fid, kid

__all__ = [
    "PSNR",
    "SSIM",
    "Measure",
    "MeasureMean",
    "SetMeasure",
    "arniqa",
    "check_size",
    "dists",
    "fid",
    "kid",
    "lpips",
    "psnr",
    "ssim",
]

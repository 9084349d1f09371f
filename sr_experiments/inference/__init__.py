"""From any image to its super-resolved image."""

from sr_experiments.inference.upscaler import Upscaler

__all__ = ["Upscaler"]

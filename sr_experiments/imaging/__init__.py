"""Tensors and images: MATLAB-exact resizing, colour, cropping and files; values are 0..255."""

from sr_experiments.imaging.color import luma, rgb_to_ycbcr, ycbcr_to_rgb
from sr_experiments.imaging.crop import modcrop, shave
from sr_experiments.imaging.io import fits_in_memory, list_images, load_image, save_image
from sr_experiments.imaging.resize import Border, imresize, quantise, round_half_up

__all__ = [
    "Border",
    "fits_in_memory",
    "imresize",
    "list_images",
    "load_image",
    "luma",
    "modcrop",
    "quantise",
    "rgb_to_ycbcr",
    "round_half_up",
    "save_image",
    "shave",
    "ycbcr_to_rgb",
]

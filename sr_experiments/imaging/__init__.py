"""Tensors and images on 0..255: MATLAB-exact resizing, colour, cropping, degradation, files."""

from sr_experiments.imaging.color import luma, rgb_to_ycbcr, ycbcr_to_rgb
from sr_experiments.imaging.crop import modcrop, shave
from sr_experiments.imaging.degradation import Degradation
from sr_experiments.imaging.io import fits_in_memory, load_image, save_image
from sr_experiments.imaging.listing import list_images
from sr_experiments.imaging.resize import Border, imresize, quantise, round_half_up

__all__ = [
    "Border",
    "Degradation",
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

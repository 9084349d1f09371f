"""Building blocks that several architectures share."""

from sr_experiments.models.layers.conv import ConvKind, conv2d, image_conv2d
from sr_experiments.models.layers.deconv import NetworkDeconv2d, fold_whitening
from sr_experiments.models.layers.mean import div2k_mean
from sr_experiments.models.layers.pool import GlobalMean
from sr_experiments.models.layers.residual import Norm, ResidualBlock, normalisation
from sr_experiments.models.layers.upsample import upsampler

__all__ = [
    "ConvKind",
    "GlobalMean",
    "NetworkDeconv2d",
    "Norm",
    "ResidualBlock",
    "conv2d",
    "div2k_mean",
    "fold_whitening",
    "image_conv2d",
    "normalisation",
    "upsampler",
]

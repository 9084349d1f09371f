"""The mean colour that EDSR and its descendants subtract."""

import torch
from torch import Tensor

DIV2K_RGB_MEAN = (0.4488, 0.4371, 0.4040)
# The Y (ITU-R BT.601, [16, 235] / 255) of that colour.
DIV2K_Y_MEAN = (16 + 65.481 * 0.4488 + 128.553 * 0.4371 + 24.966 * 0.4040) / 255


def div2k_mean(in_channels: int) -> Tensor:
    """Mean of DIV2K's training images in [0, 1], as [1, C, 1, 1].

    Args:
        in_channels: 3 for the RGB mean of EDSR's code, 1 for that colour's luma.

    Raises:
        ValueError: another number of channels.
    """
    if in_channels not in (1, 3):
        raise ValueError(f"in_channels must be 1 (Y) or 3 (RGB), got {in_channels}")
    mean = DIV2K_RGB_MEAN if in_channels == 3 else (DIV2K_Y_MEAN,)
    return torch.tensor(mean).view(1, -1, 1, 1)

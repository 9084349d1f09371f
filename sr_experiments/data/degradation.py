"""From an original image to the network's input and target."""

from fractions import Fraction

from torch import Tensor

from sr_experiments.imaging import imresize, luma, modcrop, round_half_up
from sr_experiments.imaging.resize import as_fraction


def degrade(
    image: Tensor, scale: float, channels: int, interpolated: bool
) -> tuple[Tensor, Tensor]:
    """Shrinks a whole image as the papers do: MATLAB's bicubic in double precision, not rounded.

    Args:
        image: uint8 [1 or 3, H, W].
        scale: how many times smaller the low-resolution image is.
        channels: 1: work on Y, rounded to uint8 as MATLAB's ``rgb2ycbcr`` does; 3: on RGB.
        interpolated: enlarge the low-resolution image to the target's size again.

    Returns:
        input float32 [C, h, w] on 0..255 and target uint8 [C, H, W], cropped to whole multiples.
    """
    ratio: Fraction = as_fraction(scale)
    x = modcrop(image, ratio.numerator).double()
    x = round_half_up(luma(x)) if channels == 1 else x.expand(channels, -1, -1)
    small = imresize(x[None], 1 / ratio)
    if interpolated:
        small = imresize(small, ratio)
    return small[0].float(), x.byte()

"""Cropping to a multiple of the scale, and off the border that metrics leave out."""

from torch import Tensor


def modcrop(image: Tensor, multiple: int) -> Tensor:
    """Crops [..., H, W] at the bottom and right to sizes divisible by ``multiple``."""
    height, width = image.shape[-2:]
    return image[..., : height - height % multiple, : width - width % multiple]


def shave(image: Tensor, border: int) -> Tensor:
    """Crops ``border`` pixels off each side of [..., H, W].

    Raises:
        ValueError: nothing would be left.
    """
    height, width = image.shape[-2:]
    if min(height, width) <= 2 * border:
        raise ValueError(
            f"an image of {height} x {width} pixels has none left without {border}-pixel borders"
        )
    return image[..., border : height - border, border : width - border]

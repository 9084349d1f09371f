"""MATLAB's ``imresize(image, scale, 'bicubic')`` as batched torch code, on any device.

torch's antialiased bicubic is the same cubic (a = -0.5, widened when it shrinks) but truncates its
kernel at the border, where MATLAB mirrors the image. Mirroring first and cropping afterwards makes
the two equal, so no kernel is written here.
"""

import math
from fractions import Fraction
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Border = Literal["symmetric", "replicate"]


def _extend(x: Tensor, dim: int, before: int, after: int, border: Border) -> Tensor:
    """Extends one dimension of any length by mirrored or repeated border pixels."""
    n = x.shape[dim]
    index = torch.arange(-before, n + after, device=x.device)
    if border == "symmetric":
        index = index.remainder(2 * n)
        index = torch.where(index < n, index, 2 * n - 1 - index)
    else:
        index = index.clamp(0, n - 1)
    return x.index_select(dim, index)


def _resize_dim(x: Tensor, dim: int, scale: Fraction, border: Border) -> Tensor:
    n = x.shape[dim]
    size = math.ceil(n * scale)
    # A margin of whole periods keeps the sampling grid of the padded image on that of the image.
    support = math.ceil(2 / min(scale, Fraction(1))) + 1
    margin = math.ceil(Fraction(support, scale.denominator)) * scale.denominator
    after = margin + math.ceil((size - n * scale) / scale)
    x = _extend(x, dim, margin, after, border)
    # torch (2.15) takes an image one pixel wide for one in channels-last layout, and misreads it.
    other = 5 - dim
    thin = x.shape[other] == 1
    if thin:
        x = x.repeat_interleave(2, other)
    factors = [1.0, 1.0]
    factors[dim - 2] = float(scale)
    x = F.interpolate(x, scale_factor=factors, mode="bicubic", antialias=True)
    start = int(margin * scale)
    x = x.narrow(dim, start, size)
    return x.narrow(other, 0, 1) if thin else x


def round_half_up(x: Tensor) -> Tensor:
    """Rounds [...] as MATLAB does (``torch.round`` rounds halves to even); the dtype stays."""
    return torch.floor(x + 0.5)


def quantise(x: Tensor) -> Tensor:
    """Rounds [...] on 0..255 to the nearest of the 256 levels; the dtype stays.

    Examples:
        >>> quantise(torch.tensor([-3.0, 17.5, 254.4, 300.0]))
        tensor([  0.,  18., 254., 255.])
    """
    return round_half_up(x).clamp(0, 255)


def as_fraction(scale: float | Fraction) -> Fraction:
    """The rational number that a scale like 3, 0.7 or 1 / 3 stands for.

    Raises:
        ValueError: the scale is not a positive finite number.
    """
    if not math.isfinite(scale) or scale <= 0:
        raise ValueError(f"scale must be a positive number, got {scale}")
    return Fraction(scale).limit_denominator(1000)


def imresize(
    image: Tensor, scale: float | Fraction, *, uint8: bool = False, border: Border = "symmetric"
) -> Tensor:
    """Resizes as MATLAB's ``imresize`` with its default bicubic kernel and antialiasing.

    Args:
        image: [B, C, H, W], floating point; with ``uint8`` on 0..255, otherwise on any range.
        scale: output size over input size, rational; 1 / 3 and 1.5 are taken as exact fractions.
        uint8: MATLAB's path for uint8 images, which rounds and clips after each of its two passes
            (rows first). Otherwise the path for double images, which never rounds.
        border: "symmetric" as in MATLAB since 2007; "replicate" as in some older releases.

    Returns:
        [B, C, ceil(H * scale), ceil(W * scale)] of the same dtype.

    Raises:
        TypeError: the image is not floating point.
        ValueError: the image is not a batch of non-empty images or the scale is not positive.

    Examples:
        >>> ramp = torch.arange(8.0).expand(1, 1, 8, 8)
        >>> imresize(ramp, 1 / 2)[0, 0, 0]  # MATLAB's, with its antialiasing and mirrored border
        tensor([0.4492, 2.4883, 4.5117, 6.5508])
    """
    if not image.is_floating_point():
        raise TypeError(f"imresize needs a floating-point tensor, got {image.dtype}")
    if image.ndim != 4 or image.numel() == 0:
        raise ValueError(f"imresize needs a non-empty [B, C, H, W], got {tuple(image.shape)}")
    ratio = as_fraction(scale)
    # There is no half-precision kernel.
    x = image.float() if image.itemsize < 4 else image
    for dim in (2, 3):
        x = _resize_dim(x, dim, ratio, border)
        if uint8:
            x = quantise(x)
    return x.to(image.dtype)

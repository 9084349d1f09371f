"""The classical degradation: blur, shrink, compress, add noise."""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from sr_experiments.imaging.noise import gaussian, uniform
from sr_experiments.imaging.resize import Border, imresize, quantise
from sr_experiments.ranges import NonNegative

Resize = Literal["double", "uint8", "decimate"]


@dataclass(frozen=True)
class Degradation:
    """What happens to an image before a network sees it.

    Blur, size, rounding and JPEG belong to whole images and are computed once, in double precision.
    Noise belongs to a patch and is drawn anew each time it is cut; in evaluation it is fixed per
    image and ``seed``.

    Attributes:
        resize: "double" or "uint8": MATLAB's bicubic ``imresize`` of that image type; "decimate":
            keep the middle one of every ``scale`` pixels.
        blur: standard deviation in pixels of the original of a Gaussian blur that comes first.
        kernel: its side in pixels, odd.
        quantise: round the low-resolution image to 256 levels.
        quality: JPEG quality 1..100 of the low-resolution image (4:2:0), or several: then each
            image is there once per quality. None: no JPEG.
        sigma: standard deviation on 0..255 of Gaussian noise on the low-resolution image, or
            several, of which each patch gets one.
        blind: draw from the whole range between the least and the largest ``sigma``.
        seed: seed of the noise in evaluation.

    Raises:
        ValueError: a number is out of range.
    """

    resize: Resize = "double"
    blur: NonNegative = 0.0
    kernel: int = 7
    quantise: bool = False
    quality: int | Sequence[int] | None = None
    sigma: float | Sequence[float] = 0.0
    blind: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.blur < 0:
            raise ValueError(f"blur must be at least 0, got {self.blur}")
        if self.kernel < 1 or self.kernel % 2 == 0:
            raise ValueError(f"kernel must be odd and at least 1, got {self.kernel}")
        if any(not 1 <= q <= 100 for q in self.qualities):
            raise ValueError(f"quality must be from 1 to 100, got {self.quality}")
        if not self.sigmas or any(s < 0 for s in self.sigmas):
            raise ValueError(f"sigma must be one or more numbers of at least 0, got {self.sigma}")

    def __str__(self) -> str:
        """One line that says what is done beside shrinking."""
        parts = [f"blur {self.blur:g}"] if self.blur else []
        parts += ["decimated"] if self.resize == "decimate" else []
        parts += [f"JPEG {'/'.join(map(str, self.qualities))}"] if self.qualities else []
        join = ".." if self.blind else "/"
        parts += [f"noise {join.join(f'{s:g}' for s in self.sigmas)}"] if self.noisy else []
        return ", ".join(parts)

    @property
    def qualities(self) -> tuple[int, ...]:
        """The JPEG qualities."""
        if self.quality is None:
            return ()
        return (self.quality,) if isinstance(self.quality, int) else tuple(self.quality)

    @property
    def sigmas(self) -> tuple[float, ...]:
        """The noise levels."""
        return (self.sigma,) if isinstance(self.sigma, int | float) else tuple(self.sigma)

    @property
    def noisy(self) -> bool:
        """Whether noise is added."""
        return any(self.sigmas)

    @property
    def quality_count(self) -> int:
        """Versions of each image: one per JPEG quality."""
        return max(len(self.qualities), 1)

    def settings(self, quality_index: int) -> list[object]:
        """What the degraded whole image depends on, beside the scale."""
        quality = self.qualities[quality_index] if self.qualities else None
        return [self.resize, self.blur, self.kernel if self.blur else 0, self.quantise, quality]

    def unchanged(self, ratio: Fraction) -> bool:
        """Whether :meth:`downscale` returns whole-numbered images as they are."""
        return ratio == 1 and not self.blur and not self.qualities

    def is_uint8(self, ratio: Fraction, interpolated: bool) -> bool:
        """Whether inputs made of 8-bit images hold whole numbers from 0 to 255."""
        if interpolated and ratio != 1:
            return self.resize == "uint8"
        exact = not self.blur and (ratio == 1 or self.resize == "decimate")
        rounds = self.resize == "uint8" and ratio != 1
        return exact or rounds or self.quantise or bool(self.qualities)

    def downscale(
        self, image: Tensor, ratio: Fraction, quality_index: int = 0, border: Border = "symmetric"
    ) -> Tensor:
        """Degrades whole images, but for the noise.

        Args:
            image: floating point [B, C, H, W] on 0..255, sides divisible by the ratio's numerator.
            ratio: how many times smaller the result is.
            quality_index: which of the JPEG qualities.
            border: border rule of ``imresize``.

        Returns:
            [B, C, h, w] on 0..255.

        Raises:
            ValueError: decimation by a ratio that is not whole.
        """
        if self.blur:
            image = _blur(image, self.blur, self.kernel)
        if self.resize == "decimate":
            if ratio.denominator != 1:
                raise ValueError(f"resize=decimate needs whole scales, got {float(ratio):g}")
            step = ratio.numerator
            image = image[..., (step - 1) // 2 :: step, (step - 1) // 2 :: step]
        elif ratio != 1:
            image = imresize(image, 1 / ratio, uint8=self.resize == "uint8", border=border)
        if self.quantise:
            image = quantise(image)
        return _jpeg(image, self.qualities[quality_index]) if self.qualities else image

    def apply(self, image: Tensor, ratio: Fraction, name: str, border: Border) -> Tensor:
        """Degrades one image [1, C, H, W] for evaluation, the same way each time.

        A quality and a noise level out of several are drawn by the image's name and the seed.

        Args:
            image: floating point [1, C, H, W] on 0..255.
            ratio: how many times smaller the result is.
            name: of the image.
            border: border rule of ``imresize``.
        """
        quality_index = int(uniform(~self._key(name, image.device)) * self.quality_count)
        return self.add_noise(self.downscale(image, ratio, quality_index, border), name)

    def add_noise(self, small: Tensor, name: str) -> Tensor:
        """Adds an image's own noise to [1, C, h, w] for evaluation."""
        if not self.noisy:
            return small
        return small + self.noise(self._key(name, small.device), small.shape[1:])

    def _key(self, name: str, device: torch.device) -> Tensor:
        return torch.tensor([(self.seed << 32) + zlib.crc32(name.encode())], device=device)

    def upscale(self, small: Tensor, ratio: Fraction) -> Tensor:
        """Interpolates [..., h, w] on 0..255 to the size of the original, ``ratio`` times."""
        return small if ratio == 1 else imresize(small, ratio, uint8=self.resize == "uint8")

    def noise_sigma(self, keys: Tensor) -> Tensor:
        """The noise level of each key: int64 [B] -> float64 [B]."""
        draw = uniform(keys)
        levels = torch.tensor(self.sigmas, dtype=draw.dtype, device=keys.device)
        if self.blind:
            return levels.min() + draw * (levels.max() - levels.min())
        return levels[(draw * len(levels)).long()]

    def noise(self, keys: Tensor, shape: Sequence[int]) -> Tensor:
        """Noise for low-resolution images: int64 [B] and (C, h, w) -> float32 [B, C, h, w]."""
        return self.noise_sigma(keys).float().view(-1, 1, 1, 1) * gaussian(keys, shape)

    def upscaled_noise(
        self, keys: Tensor, shape: Sequence[int], ratio: Fraction, corners: Tensor
    ) -> Tensor:
        """Noise of the low-resolution image as it looks after interpolation.

        Interpolation is linear, so that the noise can be enlarged on its own; its pattern depends
        on where between the low-resolution pixels a patch begins.

        Args:
            keys: int64 [B].
            shape: (C, size, size) of a patch of the enlarged image.
            ratio: the scale.
            corners: int64 [B, 2], top and left of the patches in the enlarged image.

        Returns:
            float32 [B, C, size, size].
        """
        period, step = ratio.numerator, ratio.denominator
        if period == step:
            return self.noise(keys, shape)
        channels, size = shape[0], shape[-1]
        margin = math.ceil(4 / step) * step
        side = math.ceil((size + period) / ratio) + 2 * margin
        field = imresize(self.noise(keys, (channels, side, side)), ratio)
        starts = (corners % period + int(margin * ratio)).tolist()
        cut = [
            f[:, top : top + size, left : left + size]
            for f, (top, left) in zip(field, starts, strict=True)
        ]
        return torch.stack(cut)


def _blur(image: Tensor, sigma: float, side: int) -> Tensor:
    """A Gaussian of finite support, normalised to sum 1; the border is mirrored."""
    radius = side // 2
    x = torch.arange(-radius, radius + 1, dtype=image.dtype, device=image.device)
    weights = torch.exp(-(x**2) / (2 * sigma**2))
    weights = (weights / weights.sum()).expand(image.shape[1], 1, 1, -1)
    for dim in (2, 3):
        n = image.shape[dim]
        index = torch.arange(-radius, n + radius, device=image.device).remainder(2 * n)
        wide = image.index_select(dim, torch.where(index < n, index, 2 * n - 1 - index))
        kernel = weights.mT if dim == 2 else weights
        image = F.conv2d(wide, kernel, groups=image.shape[1])
    return image


def _jpeg(images: Tensor, quality: int) -> Tensor:
    """Compresses and decompresses [B, 1 or 3, H, W] on 0..255."""
    results = []
    for image in quantise(images).byte().cpu():
        pixels = image[0].numpy() if len(image) == 1 else image.permute(1, 2, 0).numpy()
        file = BytesIO()
        Image.fromarray(np.ascontiguousarray(pixels)).save(file, "JPEG", quality=quality)
        decoded = torch.from_numpy(np.array(Image.open(file)))
        results.append(decoded[None] if decoded.ndim == 2 else decoded.permute(2, 0, 1))
    return torch.stack(results).to(images)

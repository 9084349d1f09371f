"""What an image store holds of each image."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from torch import Tensor

from sr_experiments.data.index import ImageInfo
from sr_experiments.data.store.file import Shape
from sr_experiments.imaging import Degradation, luma, modcrop, round_half_up


@dataclass(frozen=True)
class StoreSpec:
    """What a store holds of each image.

    Attributes:
        channels: 1: Y, rounded to uint8 as MATLAB's ``rgb2ycbcr`` does; 3: RGB.
        degradation: how low-resolution images are made; None: the images as they are.
        ratio: the scale.
        quality_index: which of the degradation's levels.
        interpolated: enlarge low-resolution images to the size of the originals again.
        provided: the images are low-resolution ones already.
    """

    channels: int
    degradation: Degradation | None = None
    ratio: Fraction = Fraction(1)
    quality_index: int = 0
    interpolated: bool = False
    provided: bool = False

    @property
    def is_uint8(self) -> bool:
        """Whether it holds uint8 instead of float32, both on 0..255."""
        if self.degradation is None:
            return True
        if self.provided:
            return not self.interpolated or self.degradation.resize == "uint8"
        return self.degradation.is_uint8(self.ratio, self.interpolated)

    def settings(self) -> list[object]:
        """All that the pixels depend on, beside the images."""
        if self.degradation is None:
            return [self.channels]
        how = (
            [self.degradation.resize]
            if self.provided
            else self.degradation.settings(self.quality_index)
        )
        return [self.channels, str(self.ratio), self.interpolated, self.provided, how]

    def label(self) -> str:
        """A name for people."""
        colour = "y" if self.channels == 1 else "rgb"
        if self.degradation is None:
            return colour
        kind = "interpolated" if self.interpolated else "low"
        return f"{colour}-x{float(self.ratio):g}-{kind}"

    def shape(self, height: int, width: int) -> Shape:
        """The shape for an image of this size."""
        if self.degradation is None:
            return self.channels, height, width
        p, q = self.ratio.numerator, self.ratio.denominator
        if self.provided:
            grown = Fraction(p, q) if self.interpolated else 1
            return self.channels, -int(-height * grown // 1), -int(-width * grown // 1)
        height, width = height - height % p, width - width % p
        if not self.interpolated:
            height, width = height * q // p, width * q // p
        return self.channels, height, width

    def shapes(self, entries: Sequence[ImageInfo]) -> list[Shape]:
        """The shapes for all images; most sets have few different sizes."""
        sizes = [(entry.height, entry.width) for entry in entries]
        known = {size: self.shape(*size) for size in set(sizes)}
        return [known[size] for size in sizes]

    def render(self, image: Tensor) -> Tensor:
        """Uint8 [1 or 3, H, W] -> uint8 or float32 [C, h, w]."""
        if self.degradation and not self.provided:
            image = modcrop(image, self.ratio.numerator)
        if self.channels == 1:
            x = round_half_up(luma(image.double()))
        else:
            x = image.double().expand(self.channels, -1, -1)
        if self.degradation:
            y = x[None]
            if not self.provided:
                y = self.degradation.downscale(y, self.ratio, self.quality_index)
            x = (self.degradation.upscale(y, self.ratio) if self.interpolated else y)[0]
        return (x.byte() if self.is_uint8 else x.float()).contiguous()

"""How a PSNR comes about: what is degraded, rounded, cropped and compared."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Literal

import torch
from torch import Tensor

from sr_experiments.imaging import (
    Border,
    Degradation,
    imresize,
    luma,
    modcrop,
    quantise,
    round_half_up,
    shave,
)
from sr_experiments.imaging.resize import as_fraction
from sr_experiments.inference import Upscaler
from sr_experiments.inference.bicubic import Bicubic
from sr_experiments.models import Network

Channel = Literal["y", "rgb"]


@dataclass(frozen=True)
class Protocol:
    """A complete recipe from an original image to a score.

    Attributes:
        name: as it stands beside every number.
        channel: the channels that are compared.
        source: the channels that are degraded.
        lr_uint8: degrade by MATLAB's uint8 path, which rounds; otherwise in double precision.
        round_luma: round Y to integers, as MATLAB's ``rgb2ycbcr`` does for uint8 images.
        quantise: round the result to the 256 levels; it is clipped to 0..255 in any case.
        shave: pixels left out at each side: a number, or "scale".
        border: the border rule of ``imresize``.
        self_ensemble: average the results for the eight turned and mirrored images.
        degradation: blur, decimation, JPEG and noise; None: only shrink. How bicubic shrinking
            rounds is for ``lr_uint8`` to say.

    Raises:
        ValueError: RGB is to be compared where only Y is degraded.
    """

    name: str
    channel: Channel
    source: Channel
    lr_uint8: bool
    round_luma: bool
    quantise: bool
    shave: Literal["scale"] | int = "scale"
    border: Border = "symmetric"
    self_ensemble: bool = False
    degradation: Degradation | None = None

    def __post_init__(self) -> None:
        if self.channel == "rgb" and self.source == "y":
            raise ValueError("channel: rgb cannot be compared where source is y")

    @property
    def label(self) -> str:
        """The name, and what differs from the protocol of this name: ``vdsr with shave=0``."""
        named = NAMED.get(self.name, self)
        changed = [
            f"{f.name}={str(getattr(self, f.name)).lower()}"
            for f in fields(self)
            if f.name != "degradation" and getattr(self, f.name) != getattr(named, f.name)
        ]
        return f"{self.name} with {', '.join(changed)}" if changed else self.name

    def __str__(self) -> str:
        """One line that says everything."""
        lr = "uint8" if self.lr_uint8 else "double"
        sr = "rounded" if self.quantise else "not rounded"
        rounded = " (rounded)" if self.round_luma and self.channel == "y" else ""
        return (
            f"{self.label}: PSNR and SSIM on {self.channel.upper()}{rounded}, LR from "
            f"{self.source.upper()} in {lr}, SR {sr}, shave = {self.shave}, {self.border} border"
            f"{', self-ensemble of 8' if self.self_ensemble else ''}"
            f"{f'; {self.degradation}' if str(self.degradation or '') else ''}"
            f"{' (not rounded)' if self.degradation and self.degradation.noisy else ''}"
        )

    def degrade(
        self, image: Tensor, scale: float, name: str = "", given: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Makes the low-resolution image and the target.

        Args:
            image: uint8 [1 or 3, H, W].
            scale: how many times smaller the low-resolution image is; 1 leaves its size.
            name: of the image; noise depends on it and on the degradation's seed alone.
            given: uint8 [1 or 3, h, w], the low-resolution image if it exists already; noise alone
                is added to it.

        Returns:
            [1, C, h, w] and [1, C, H, W] on 0..255, float64 where the device has it.
        """
        ratio: Fraction = as_fraction(scale)
        dtype = torch.float32 if image.device.type == "mps" else torch.float64
        target = modcrop(image, ratio.numerator)[None].to(dtype)
        if self.source == "y":
            target = self._luma(target)
        degradation = self.degradation or Degradation()
        if given is not None:
            return degradation.add_noise(self._fitted(given, target, ratio), name), target
        if degradation.resize != "decimate":
            degradation = replace(degradation, resize="uint8" if self.lr_uint8 else "double")
        return degradation.apply(target, ratio, name, self.border), target

    def upscaler(self, network: Network) -> Upscaler | Baseline:
        """What enlarges low-resolution images with a network.

        The input of networks that interpolate is rounded where training rounded it; where training
        adds noise, it does so after rounding.
        """
        if isinstance(network, Bicubic):
            return Baseline(self)
        how = self.degradation or Degradation()
        uint8 = how.resize == "uint8" and not how.noisy
        return Upscaler(network, self.self_ensemble, self.border, uint8)

    def interpolate(self, small: Tensor, scale: float) -> Tensor:
        """The baseline: enlarges [1, C, h, w] as MATLAB does for the image's type."""
        if scale == 1:
            return small
        return imresize(small, as_fraction(scale), uint8=self.lr_uint8, border=self.border)

    def comparable(self, image: Tensor, scale: float) -> Tensor:
        """The channels and pixels that are compared, of a result or a target [1, C, H, W]."""
        image = self.visible(image, scale)
        return self._luma(image) if self.channel == "y" else image

    def comparable_baseline(self, image: Tensor, scale: float) -> Tensor:
        """As :meth:`comparable`; an input of full size is neither rounded nor clipped.

        The PSNR of a noisy image is then that of its noise, as in tables of denoising.
        """
        if scale != 1:
            return self.comparable(image, scale)
        image = shave(image, self.border_width(scale))
        return luma(image) if self.channel == "y" else image

    def baseline(self, scale: float) -> str:
        """What results are compared with: "bicubic", or at scale 1 the "noisy" image or "input"."""
        if scale != 1:
            return "bicubic"
        return "noisy" if self.degradation and self.degradation.noisy else "input"

    def visible(self, image: Tensor, scale: float) -> Tensor:
        """The pixels that are compared in all channels there are, as perceptual metrics see."""
        image = quantise(image) if self.quantise else image.clamp(0, 255)
        return shave(image, self.border_width(scale))

    def border_width(self, scale: float) -> int:
        """Pixels left out at each side."""
        return round(scale) if self.shave == "scale" else self.shave

    def _fitted(self, given: Tensor, target: Tensor, ratio: Fraction) -> Tensor:
        """A low-resolution file with the target's channels and the size that belongs to it."""
        small = given[None].to(target)
        small = self._luma(small) if target.shape[1] == 1 else small.expand(-1, 3, -1, -1)
        height, width = (int(side / ratio) for side in target.shape[-2:])
        return small[..., :height, :width]

    def _luma(self, image: Tensor) -> Tensor:
        y = luma(image)
        return round_half_up(y) if self.round_luma else y


@dataclass(frozen=True)
class Baseline:
    """What enlarges without a network, as the baseline of a protocol does."""

    protocol: Protocol
    seconds: float = 0.0

    def __call__(self, small: Tensor, scale: float) -> Tensor:
        """Enlarges [1, C, h, w]."""
        return self.protocol.interpolate(small, scale)


_VDSR = Protocol("vdsr", "y", "y", lr_uint8=False, round_luma=True, quantise=True)
_RGB8 = replace(_VDSR, name="rgb8", source="rgb", lr_uint8=True)
_EDSR = replace(_RGB8, name="edsr", round_luma=False)
NAMED = {
    protocol.name: protocol
    for protocol in (
        _VDSR,
        _RGB8,
        replace(_RGB8, name="selfexsr", border="replicate"),
        _EDSR,
        replace(_EDSR, name="dncnn", quantise=False),
        replace(_EDSR, name="rgb", channel="rgb"),
        replace(_EDSR, name="ntire", shave=4),
        replace(_VDSR, name="double", round_luma=False, quantise=False),
        replace(_VDSR, name="y8", lr_uint8=True),
        replace(_VDSR, name="denoise", shave=0),
    )
}

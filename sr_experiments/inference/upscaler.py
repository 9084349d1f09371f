"""The one way from a low-resolution image to its super-resolved image."""

from time import perf_counter

import torch
from torch import Tensor
from torch.nn import functional as F

from sr_experiments.imaging import Border, imresize, rgb_to_ycbcr, ycbcr_to_rgb
from sr_experiments.imaging.augment import dihedral
from sr_experiments.imaging.resize import as_fraction
from sr_experiments.inference.precision import call_widened, full_precision
from sr_experiments.models import Network


class Upscaler:
    """Enlarges images with a network, whatever its input is.

    Networks for Y restore the luma of a colour image, and its chroma is interpolated, as the papers
    do; networks for RGB see a gray image as three equal channels. The network's mode (train or
    eval) and device are the caller's; its precision is not: autocast, TF32 and half-precision
    weights would change scores in the second decimal.

    Args:
        network: the network.
        self_ensemble: average the results for the eight turned and mirrored inputs (Timofte et
            al., CVPR 2016; the "+" of EDSR+).
        border: border rule of ``imresize`` where images are interpolated.
        uint8: interpolate as MATLAB does for uint8 images, which rounds.

    Attributes:
        seconds: that the network took for the latest call, without resizing and colours.

    Examples:
        >>> from sr_experiments.models import EDSR
        >>> upscale = Upscaler(EDSR(scales=[2], blocks=1, channels=4))
        >>> upscale(torch.zeros(1, 3, 10, 12), scale=2).shape  # a gray image would do too
        torch.Size([1, 3, 20, 24])
    """

    def __init__(
        self,
        network: Network,
        self_ensemble: bool = False,
        border: Border = "symmetric",
        uint8: bool = False,
    ) -> None:
        self.network = network
        self.self_ensemble = self_ensemble
        self.border: Border = border
        self.uint8 = uint8
        self.seconds = 0.0

    @torch.no_grad()
    @full_precision()
    def __call__(self, image: Tensor, scale: float) -> Tensor:
        """Enlarges a batch.

        Args:
            image: [B, 1 or 3, h, w] floating point on 0..255.
            scale: how many times larger the result is.

        Returns:
            [B, 1 or 3, h * scale, w * scale] of the same dtype on about 0..255, neither rounded nor
            clipped.

        Raises:
            ValueError: the network is built for another scale.
        """
        channels, wanted = image.shape[1], self.network.in_channels
        if wanted == 1 and channels == 3:
            ycbcr = rgb_to_ycbcr(image)
            luma = self._restore(ycbcr[:, :1], scale)
            return ycbcr_to_rgb(torch.cat([luma, self._interpolate(ycbcr[:, 1:], scale)], dim=1))
        if wanted == 3 and channels == 1:
            return self._restore(image.expand(-1, 3, -1, -1), scale).mean(dim=1, keepdim=True)
        return self._restore(image, scale)

    def _restore(self, image: Tensor, scale: float) -> Tensor:
        network = self.network
        ratio = as_fraction(scale)
        size = [-int(-side * ratio // 1) for side in image.shape[-2:]]
        x = image if network.upsamples else self._interpolate(image, scale)
        if network.output_margin:
            x = F.pad(x, [network.output_margin] * 4, mode="replicate")
        restored = self._timed(x / 255)
        if list(restored.shape[-2:]) != size:
            made_for = ", ".join(f"x{s}" for s in network.scales)
            raise ValueError(
                f"{type(network).__name__} is built for {made_for} and cannot enlarge x{scale}; "
                "choose model.scales accordingly"
            )
        return restored.to(image.dtype) * 255

    def _interpolate(self, image: Tensor, scale: float) -> Tensor:
        ratio = as_fraction(scale)
        if ratio == 1:
            return image
        return imresize(image, ratio, uint8=self.uint8, border=self.border)

    def _timed(self, x: Tensor) -> Tensor:
        _wait_for(x.device)
        start = perf_counter()
        restored = self._ensemble(x) if self.self_ensemble else call_widened(self.network, x)
        _wait_for(x.device)
        self.seconds = perf_counter() - start
        return restored

    def _ensemble(self, x: Tensor) -> Tensor:
        total = call_widened(self.network, x)
        for k in range(1, 8):
            # Mirrored symmetries undo themselves, turns are undone by turning back.
            result = call_widened(self.network, dihedral(x, k))
            total = total + dihedral(result, k if k >= 4 else -k % 4)
        return total / 8


def _wait_for(device: torch.device) -> None:
    """Until an accelerator has done what it was given; otherwise only the queueing were timed."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)

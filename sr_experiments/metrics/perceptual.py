"""Metrics of how an image looks, from torchmetrics and from features; exact per image."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torchmetrics import Metric
from torchmetrics.functional.image.dists import DISTSNetwork
from torchmetrics.image import LearnedPerceptualImagePatchSimilarity
from torchvision.models import get_model_weights

from sr_experiments.errors import CheckpointError
from sr_experiments.metrics.functional import psnr, ssim
from sr_experiments.metrics.per_image import ImageMean

_LPIPS_NETS = {"alex": "alexnet", "vgg": "vgg16", "squeeze": "squeezenet1_1"}
_ARNIQA = "https://github.com/miccunifi/ARNIQA/releases/download/weights"
ArniqaData = Literal["koniq10k", "kadid10k"]


class ImageMetric(nn.Module):
    """One number per image.

    Args:
        function: from prediction and target, [1, 3, H, W] in [0, 1], to a scalar; a metric of
            torchmetrics or a loss.
        reference: False: from the prediction alone.

    Shapes:
        two [B, 1 or 3, H, W] on 0..255 -> [B].
    """

    def __init__(self, function: nn.Module, reference: bool = True) -> None:
        super().__init__()
        self.function = function
        self.reference = reference

    @torch.no_grad()
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Each image on its own."""
        self.function.to(prediction.device)
        images = [prediction, target] if self.reference else [prediction]
        pairs = [(x.float() / 255).clamp(0, 1).expand(-1, 3, -1, -1).split(1) for x in images]
        values = [self.function(*pair) for pair in zip(*pairs, strict=True)]
        if isinstance(self.function, Metric):
            self.function.reset()
        return torch.stack([value.reshape(()) for value in values])

    def mean(self) -> Metric:
        """What collects its mean over a set."""
        return ImageMetricMean(self)


class ColourMetric(ImageMetric):
    """PSNR or SSIM over all channels, beside the one of a protocol that compares Y.

    Args:
        score: "psnr" or "ssim".

    Shapes:
        two [B, 1 or 3, H, W] on 0..255 -> [B].

    Raises:
        ValueError: there is no such score.
    """

    def __init__(self, score: Literal["psnr", "ssim"]) -> None:
        super().__init__(nn.Identity())
        if score not in ("psnr", "ssim"):
            raise ValueError(f"score must be psnr or ssim, got {score!r}")
        self.score = psnr if score == "psnr" else ssim

    @torch.no_grad()
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Each image on its own, in double precision."""
        return self.score(prediction, target)


class ImageMetricMean(ImageMean):
    """Mean of a metric over images."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.per_image = function


def lpips(net: Literal["alex", "vgg", "squeeze"] = "alex") -> ImageMetric:
    """Learned perceptual image patch similarity (Zhang et al., CVPR 2018); lower is better.

    Raises:
        ValueError: unknown net.
        CheckpointError: its weights cannot be had.
    """
    if net not in _LPIPS_NETS:
        raise ValueError(f"net must be one of {', '.join(_LPIPS_NETS)}, got {net!r}")
    address = get_model_weights(_LPIPS_NETS[net])["IMAGENET1K_V1"].url
    make = LearnedPerceptualImagePatchSimilarity
    return ImageMetric(_with_weights("LPIPS", [address], lambda: make(net, normalize=True)))


def dists() -> ImageMetric:
    """Deep image structure and texture similarity (Ding et al., PAMI 2020); lower is better.

    Raises:
        CheckpointError: its weights cannot be had.
    """
    address = get_model_weights("vgg16")["IMAGENET1K_V1"].url
    # The metric's network: the metric itself would make one anew for each image.
    return ImageMetric(_with_weights("DISTS", [address], DISTSNetwork))


def arniqa(regressor: ArniqaData = "koniq10k") -> ImageMetric:
    """ARNIQA, quality without a reference (Agnolucci et al., WACV 2024); higher is better.

    Args:
        regressor: the data set of human scores that its last layer was fitted to.

    Raises:
        CheckpointError: its weights cannot be had.
    """
    from torchmetrics.image.arniqa import ARNIQA

    addresses = [f"{_ARNIQA}/{name}.pth" for name in ("ARNIQA", f"regressor_{regressor}")]
    make = lambda: ARNIQA(regressor_dataset=regressor, normalize=True)  # noqa: E731
    return ImageMetric(_with_weights("ARNIQA", addresses, make), reference=False)


def _with_weights(name: str, addresses: list[str], make: Callable[[], nn.Module]) -> nn.Module:
    """A network with downloaded weights.

    Raises:
        CheckpointError: they cannot be had; says what to fetch from where, and its place.
    """
    try:
        return make()
    except (OSError, RuntimeError) as error:
        folder = Path(torch.hub.get_dir()) / "checkpoints"
        raise CheckpointError(
            f"the weights of {name} are not on this machine and cannot be downloaded ({error}); "
            f"fetch {' and '.join(addresses)} elsewhere and put it into {folder}, or leave "
            f"{name.lower()} out of metrics=[...]"
        ) from None

"""FID and KID: distances of a set of results from the set of their targets, from torchmetrics."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torchmetrics import Metric
from torchmetrics.image.fid import FrechetInceptionDistance, NoTrainInceptionV3
from torchmetrics.image.kid import KernelInceptionDistance
from torchmetrics.utilities.data import dim_zero_cat

from sr_experiments.errors import ConfigError
from sr_experiments.metrics.perceptual import with_weights

LEAST = 100  # below, the distance says more about the number of images than about them


@dataclass(frozen=True)
class SetMeasure:
    """One number per set.

    Attributes:
        metric: makes what collects a set; its ``update`` takes two [B, 1 or 3, H, W] on 0..255.
        least: images that a set must have.
    """

    metric: Callable[[], Metric]
    least: int = LEAST


class FID(FrechetInceptionDistance):
    """Fréchet distance of Inception features (Heusel et al., NeurIPS 2017); lower is better.

    Args:
        feature: from uint8 [B, 3, H, W] to [B, num_features].
    """

    orig_dtype = torch.float32  # for a process that has seen no image

    def __init__(self, feature: nn.Module) -> None:
        super().__init__(feature)

    def update(self, prediction: Tensor, target: Tensor) -> None:  # type: ignore[override]
        """Adds the images of two [B, 1 or 3, H, W] on 0..255."""
        for images, real in ((target, True), (prediction, False)):
            super().update(_bytes(self, images), real)

    def compute(self) -> Tensor:
        """The distance over all images seen.

        Raises:
            ConfigError: they are too few.
        """
        check_size("fid", int(self.real_features_num_samples), LEAST)
        return super().compute()


class KID(KernelInceptionDistance):
    """Squared kernel distance of Inception features (Bińkowski et al., ICLR 2018), mean of subsets.

    Lower is better; the estimate is unbiased, so that equal sets are near 0 and may fall below.

    Args:
        feature: from uint8 [B, 3, H, W] to [B, num_features].
        subsets: number of random subsets.
        subset_size: images in each.
    """

    def __init__(self, feature: nn.Module, subsets: int, subset_size: int) -> None:
        super().__init__(feature, subsets, subset_size)
        # torchmetrics would exchange image by image and hang where processes have unequal numbers.
        for state in ("real_features", "fake_features"):
            self.add_state(state, [], dist_reduce_fx="cat")

    def update(self, prediction: Tensor, target: Tensor) -> None:  # type: ignore[override]
        """Adds the images of two [B, 1 or 3, H, W] on 0..255."""
        for images, real in ((target, True), (prediction, False)):
            super().update(_bytes(self, images), real)

    def compute(self) -> Tensor:  # type: ignore[override]
        """The distance over all images seen; the same in whichever order they came.

        Raises:
            ConfigError: they are too few.
        """
        real, fake = dim_zero_cat(self.real_features), dim_zero_cat(self.fake_features)
        check_size("kid", len(real), max(LEAST, self.subset_size))
        self.real_features, self.fake_features = [_in_order(real)], [_in_order(fake)]
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            return super().compute()[0]


def fid() -> SetMeasure:
    """FID on torch-fidelity's Inception.

    Raises:
        ConfigError: torch-fidelity is not installed.
        CheckpointError: its weights cannot be had.
    """
    feature = _inception("FID")
    return SetMeasure(lambda: FID(feature))


def kid(subsets: int = 100, subset_size: int = 100) -> SetMeasure:
    """KID on torch-fidelity's Inception.

    Raises:
        ValueError: a subset has fewer than 2 images, or there is none.
        ConfigError: torch-fidelity is not installed.
        CheckpointError: its weights cannot be had.
    """
    if subsets < 1:
        raise ValueError(f"subsets must be at least 1, got {subsets}")
    if subset_size < 2:
        raise ValueError(f"subset_size must be at least 2, got {subset_size}")
    feature = _inception("KID")
    return SetMeasure(lambda: KID(feature, subsets, subset_size), max(LEAST, subset_size))


def check_size(measure: str, images: int, least: int, where: str = "the set") -> None:
    """Refuses sets on which a distance of sets means nothing.

    Raises:
        ConfigError: there are fewer than the least images.
    """
    if images < least:
        reason = "kid.subset_size" if least > LEAST else "fewer mean nothing"
        raise ConfigError(
            f"metrics=[{measure}]: {where} has {images} images, {least} are needed ({reason}); "
            f"choose larger sets or leave {measure} out"
        )


def _inception(name: str) -> nn.Module:
    # One network for all sets and scales.
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3
    except ImportError:
        raise ConfigError(
            f"metrics=[{name.lower()}]: torch-fidelity is not installed; "
            f"pip install 'sr-experiments[fid]', or leave {name.lower()} out"
        ) from None
    make = partial(NoTrainInceptionV3, "inception-v3-compat", ["2048"])
    network = with_weights(name, [URL_INCEPTION_V3], make)
    network.num_features = torch.tensor(
        2048
    )  # otherwise torchmetrics finds it out by a random image
    return network


def _bytes(metric: Metric, images: Tensor) -> Tensor:
    if images.device.type == "cuda" and metric.device != images.device:
        with torch.inference_mode(False):
            metric.to(images.device)
    return images.round().clamp(0, 255).to(metric.device, torch.uint8).expand(-1, 3, -1, -1)


def _in_order(features: Tensor) -> Tensor:
    # By a number of each image's own, so that the subsets are the same on any number of processes.
    return features[features.double().sum(dim=1).argsort()]

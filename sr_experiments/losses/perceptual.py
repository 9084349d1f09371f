"""Distances between deep features: the perceptual or content loss."""

import contextlib
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Literal, Self, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sr_experiments.losses.perceptual_backbones import BACKBONES, feature_extractor, normalisation

Criterion = Literal["mse", "l1"]


class _Unowned:
    """Keeps a frozen network out of its owner's module tree.

    So it is neither trained nor switched to training mode, is in no checkpoint, and is shared by
    copies of the owner.
    """

    def __init__(self, network: Callable[[Tensor], dict[str, Tensor]]) -> None:
        self.network = network

    def __deepcopy__(self, memo: Any) -> Self:
        return self


class PerceptualLoss(nn.Module):
    """Distance between features of a frozen network (Johnson et al., ECCV 2016, Eq. 2).

    With vgg19, layer relu2_2 or relu5_4, mse and rescale 1 / 12.75 it is SRGAN's loss on VGG22 or
    VGG54 (Ledig et al., CVPR 2017, Eq. 5).

    Args:
        backbone: a torchvision network: vgg16, vgg16_bn, vgg19, resnet152, densenet201,
            resnext101_32x8d, wide_resnet101_2, inception_v3, squeezenet1_0, fcn_resnet101,
            deeplabv3_resnet101 or maskrcnn_resnet50_fpn.
        layer: a node of its graph, of VGG also conv5_4 (before the activation), relu5_4 (behind it)
            or pool5; several with their weights, as {relu2_2: 0.5, relu5_4: 1}; None: its last
            feature map.
        weights: "DEFAULT": torchvision's first ImageNet (or COCO) weights, downloaded once; a file;
            None: random, as a baseline.
        criterion: "mse" or "l1", each the mean over all elements.
        rescale: factor on the features; SRGAN's is 1 / 12.75. Scales of features differ between
            backbones by orders of magnitude.
        unit_rms: scale the features of each position to a root mean square of 1 over the channels,
            so that backbones are comparable (as LPIPS does, Zhang et al., CVPR 2018, up to sqrt C).
        imagenet_norm: normalise inputs as the weights' training did.
        input_size: resize inputs to this side; None: leave them, but enlarge those that are too
            small for the backbone.
        bf16: compute features in bfloat16 even where training does not.
        channels_last: the backbone's memory format.
        compile: by torch.compile.

    Shapes:
        two [B, 1 or 3, H, W] in [0, 1] -> scalar; gradients flow to the first one alone.

    Raises:
        ValueError: an argument is impossible.
        CheckpointError: the weights cannot be had, or do not fit.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: str = "vgg19",
        layer: str | Mapping[str, float] | None = None,
        weights: str | None = "DEFAULT",
        criterion: Criterion = "mse",
        rescale: float = 1.0,
        unit_rms: bool = False,
        imagenet_norm: bool = True,
        input_size: int | None = None,
        bf16: bool = False,
        channels_last: bool = True,
        compile: bool = False,
    ) -> None:
        super().__init__()
        if criterion not in get_args(Criterion):
            raise ValueError(f"criterion must be mse or l1, got {criterion!r}")
        if not rescale > 0:
            raise ValueError(f"rescale must be positive, got {rescale}")
        if backbone not in BACKBONES:
            raise ValueError(f"backbone must be one of {', '.join(BACKBONES)}, got {backbone!r}")
        min_size = BACKBONES[backbone].min_size
        if input_size is not None and input_size < min_size:
            raise ValueError(f"input_size must be at least {min_size} for {backbone}")
        wanted = layer or BACKBONES[backbone].layer
        layers = {wanted: 1.0} if isinstance(wanted, str) else dict(wanted)
        if weights is None:
            warnings.warn(
                f"the perceptual loss takes RANDOM features of {backbone} (weights=null): a "
                "baseline, not a perceptual metric",
                stacklevel=2,
            )
        extractor, nodes = feature_extractor(backbone, weights, layers)
        if channels_last:
            extractor = extractor.to(memory_format=torch.channels_last)
        self.extractor = _Unowned(torch.compile(extractor) if compile else extractor)
        self.weights = dict(zip(nodes, layers.values(), strict=True))
        self.criterion, self.rescale, self.unit_rms = criterion, rescale, unit_rms
        self.input_size, self.min_size = input_size, min_size
        self.bf16, self.channels_last = bf16, channels_last
        mean, std = normalisation(backbone) if imagenet_norm else (torch.zeros(1), torch.ones(1))
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The distance, weighted over the layers."""
        with torch.no_grad():
            wanted = self.features(target)
        found = self.features(prediction)
        distance = F.mse_loss if self.criterion == "mse" else F.l1_loss
        distances = [w * distance(found[k], wanted[k]) for k, w in self.weights.items()]
        return torch.stack(distances).sum()

    def features(self, image: Tensor) -> dict[str, Tensor]:
        """Feature maps of [B, 1 or 3, H, W] in [0, 1] by node, float32 [B, C, h, w]."""
        x = (self._sized(image.expand(-1, 3, -1, -1)) - self.mean) / self.std
        if self.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        low = torch.autocast(x.device.type, torch.bfloat16) if self.bf16 else None
        with low or contextlib.nullcontext():
            maps = self.extractor.network(x)
        return {node: self._scaled(maps[node].float()) for node in self.weights}

    def _sized(self, image: Tensor) -> Tensor:
        smallest = min(image.shape[-2:])
        if self.input_size is not None:
            size = [self.input_size, self.input_size]
        elif smallest < self.min_size:
            size = [
                max(self.min_size, round(n * self.min_size / smallest)) for n in image.shape[-2:]
            ]
        else:
            return image
        return F.interpolate(image, size, mode="bilinear", antialias=True)

    def _scaled(self, maps: Tensor) -> Tensor:
        maps = F.normalize(maps, dim=1) * maps.shape[1] ** 0.5 if self.unit_rms else maps
        return maps if self.rescale == 1 else maps * self.rescale

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # .to(), .cuda() and their like reach the backbone, which no module tree holds.
        network = self.extractor.network
        if isinstance(network, nn.Module):
            network._apply(fn)
        super()._apply(fn, recurse)
        return self

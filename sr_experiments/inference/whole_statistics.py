"""Statistics of a whole image for networks that see it in tiles."""

from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from sr_experiments.imaging.augment import dihedral
from sr_experiments.models.layers import GlobalMean


class Region(NamedTuple):
    """A part of a tile, in fractions of its height and width."""

    top: float
    bottom: float
    left: float
    right: float


class Moments(NamedTuple):
    """Means of the values and of their squares, [C] each."""

    mean: Tensor
    square: Tensor


class WholeStatistics:
    """Gives layers that average over the image the averages over all its tiles.

    Within the context, each pass over the tiles sums up what such layers see in the regions that
    belong to a tile alone, and computes with the averages of the pass before. The first layer's are
    those of the whole image after one pass, and so is each layer's once those before it are; so as
    many passes as there are layers always suffice, and fewer do where little changes any more.

    Args:
        network: with such layers or without.

    Attributes:
        layers: those that average: `GlobalMean`, adaptive pooling to one pixel, GroupNorm.
        region: of the tile that comes next.
    """

    def __init__(self, network: nn.Module) -> None:
        self.layers = [m for m in network.modules() if _averages(m)]
        self.region = Region(0, 1, 0, 1)
        self._network = network
        self._known: dict[tuple[int, int], Moments] = {}
        self._sums: dict[tuple[int, int], Tensor] = {}
        self._counts: dict[tuple[int, int], int] = {}
        self._turn = -1  # which of the eight symmetries of a self-ensemble is computed
        self._handles: list[Any] = []

    def __enter__(self) -> "WholeStatistics":
        self._handles = [self._network.register_forward_pre_hook(self._begin)]
        for i, layer in enumerate(self.layers):
            self._handles.append(layer.register_forward_hook(partial(self._replace, i)))
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()

    def begin_tile(self, region: Region) -> None:
        """Announces a tile.

        Args:
            region: the part that no other tile counts.
        """
        self.region, self._turn = region, -1

    def end_pass(self) -> float:
        """Takes over the averages; the largest change since the pass before, relative to spread."""
        change = 0.0
        for key, total in self._sums.items():
            new = Moments(*(total / self._counts[key]))
            old = self._known.get(key)
            spread = new.square.sqrt().amax().clamp_min(1e-12)
            moved = (new.mean - old.mean).abs().amax() / spread if old else torch.tensor(torch.inf)
            change = max(change, float(moved))
            self._known[key] = new
        self._sums, self._counts = {}, {}
        return change

    def _begin(self, *_: Any) -> None:
        self._turn += 1

    def _replace(self, i: int, layer: nn.Module, args: tuple[Tensor], output: Tensor) -> Any:
        x, key = args[0], (i, self._turn)
        own = self._own(x)
        sums = torch.stack([own.sum((0, 2, 3)), own.square().sum((0, 2, 3))])
        self._sums[key] = self._sums[key] + sums if key in self._sums else sums
        self._counts[key] = self._counts.get(key, 0) + own.shape[-2] * own.shape[-1]
        known = self._known.get(key)
        return apply_moments(layer, x, known) if known else None

    def _own(self, x: Tensor) -> Tensor:
        """What of the features belongs to the tile's region, in double precision."""
        height, width = x.shape[-2:]
        if self._turn % 2:  # a quarter turn
            height, width = width, height
        mask = torch.zeros(height, width, dtype=torch.bool)
        top, bottom, left, right = self.region
        rows = slice(round(top * height), round(bottom * height))
        mask[rows, round(left * width) : round(right * width)] = True
        mask = dihedral(mask, max(self._turn, 0))
        i, j = mask.any(1).nonzero(), mask.any(0).nonzero()
        own = x[..., int(i[0]) : int(i[-1]) + 1, int(j[0]) : int(j[-1]) + 1]
        return own.float() if x.device.type == "mps" else own.double()


def apply_moments(layer: nn.Module, x: Tensor, moments: Moments) -> Tensor:
    """The output of a layer that averages, with averages from elsewhere.

    Args:
        layer: the layer.
        x: its input [B, C, H, W].
        moments: of its input.
    """
    mean, square = moments
    if isinstance(layer, nn.GroupNorm):
        mean, square = (m.view(layer.num_groups, -1).mean(1) for m in (mean, square))
        factor = (square - mean.square()).clamp_min(0).add(layer.eps).rsqrt()
        each = x.shape[1] // layer.num_groups
        mean, factor = (m.repeat_interleave(each).to(x) for m in (mean, factor))
        x = (x - mean.view(1, -1, 1, 1)) * factor.view(1, -1, 1, 1)
        if layer.weight is None:
            return x
        return x * layer.weight.view(1, -1, 1, 1) + layer.bias.view(1, -1, 1, 1)
    return mean.to(x).view(1, -1, 1, 1).expand(x.shape[0], -1, -1, -1)


def _averages(layer: nn.Module) -> bool:
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        return layer.output_size in (1, (1, 1))
    return isinstance(layer, GlobalMean | nn.GroupNorm)

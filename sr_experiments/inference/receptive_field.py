"""How far a pixel of the result sees, found by trying."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sr_experiments.inference.whole_statistics import Moments, WholeStatistics, apply_moments
from sr_experiments.models import Network

_LONGEST = 1024  # pixels of the input that is tried


class ReceptiveField(NamedTuple):
    """What a result's pixel depends on.

    Attributes:
        radius: pixels of the network's input on each side; None: no bound was found.
        period: the network does the same to an image that is moved by multiples of this.
        averages: layers that average over the whole image, which `radius` leaves out.
    """

    radius: int | None
    period: int
    averages: int


@torch.no_grad()
def receptive_field(network: Network) -> ReceptiveField:
    """Finds the receptive field by a column, then a row, of NaN in an image, which spread.

    NaN passes convolutions, activations and sums, whatever the weights are.

    Args:
        network: in eval mode, on the processor.
    """
    period, averages = _period(network), len(WholeStatistics(network).layers)
    handles = [m.register_forward_hook(_frozen) for m in WholeStatistics(network).layers]
    radii: list[int | None] = []
    try:
        for vertical in (False, True):
            radii.append(_radius(network, period, vertical))
    except (RuntimeError, ValueError):  # a network from elsewhere that wants other sizes
        radii.append(None)
    finally:
        for handle in handles:
            handle.remove()
    known = [r for r in radii if r is not None]
    return ReceptiveField(max(known) if len(known) == len(radii) else None, period, averages)


def _radius(network: Network, period: int, vertical: bool) -> int | None:
    length = 64
    while length <= _LONGEST:
        radius = max(_spread(network, length, phase, vertical) for phase in range(period))
        if radius < length // 2 - period:
            return radius
        length *= 2
    return None


def _spread(network: Network, length: int, phase: int, vertical: bool) -> int:
    """How many columns (or rows) beside one of NaN are NaN in the result."""
    weight = next(network.parameters(), torch.zeros(()))
    x = torch.full((1, network.in_channels, 16, length), 0.5, dtype=weight.dtype)
    middle = length // 2 + phase
    x[..., middle] = torch.nan
    x = F.pad(x, [network.output_margin] * 4, value=0.5)
    out = network(x.mT if vertical else x)
    touched = (out.mT if vertical else out).isnan().any(1).any(1)[0]
    places = touched.nonzero().flatten() * length // touched.numel()
    return max((abs(int(p) - middle) for p in places[[0, -1]]), default=0) if len(places) else 0


def _frozen(layer: nn.Module, args: tuple[Tensor], _: Any) -> Tensor:
    """Hides from a layer that averages what is NaN."""
    zero = args[0].new_zeros(args[0].shape[1])
    return apply_moments(layer, args[0], Moments(zero, zero + 1))


def _period(network: nn.Module) -> int:
    """The product of all strides that make feature maps smaller."""
    period = 1
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            stride: Any = layer.stride
            period *= int(max(stride) if isinstance(stride, tuple) else stride)
    return min(period, 64)

"""What every restoration network promises."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

_OWN_PACKAGE = __name__.rpartition(".")[0]
_NEEDED = ("in_channels", "scales", "upsamples")


class Network(nn.Module):
    """A network from images to restored images, both [B, C, H, W] with values in [0, 1].

    Attributes:
        in_channels: 1 for the Y channel, 3 for RGB; the output has as many.
        scales: the scales that it is made for.
        upsamples: False: the input is the bicubic-interpolated image at the target size (SRCNN,
            VDSR). True: the input is the low-resolution image, and the network enlarges it.
        output_margin: output pixels that unpadded convolutions cost on each side of the input.
    """

    in_channels: int
    scales: tuple[float, ...]
    upsamples: bool = False
    output_margin: int = 0

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C, H', W']."""
        return x


def check_network(network: Any) -> Network:
    """Makes sure that a network keeps the promises of `Network`, whether a child of it or not.

    One from outside this package is tried on a gray image; its scales become a tuple, and its
    output_margin 0 if it has none.

    Raises:
        ValueError: it does not; whatever else the network raises passes through.
    """
    name = type(network).__name__
    if not isinstance(network, nn.Module):
        raise ValueError(f"{name} is no torch.nn.Module")
    if missing := [f"self.{needed}" for needed in _NEEDED if not hasattr(network, needed)]:
        raise ValueError(
            f"{name} does not set {', '.join(missing)}; a network says its in_channels (1: Y, 3: "
            "RGB), its scales, as (2, 3), and upsamples: whether it enlarges its input by itself"
        )
    if network.in_channels not in (1, 3):
        raise ValueError(f"{name}.in_channels must be 1 (Y) or 3 (RGB), got {network.in_channels}")
    if not isinstance(network.scales, tuple | list):
        raise ValueError(f"{name}.scales must be numbers, as (2, 3), got {network.scales!r}")
    # Of the attributes of a module, torch knows the types of tensors and modules only.
    known: Any = network
    known.scales = check_scales(known.scales)
    former = getattr(network, "margin", 0)  # its name in version 0.1.0
    known.output_margin = getattr(network, "output_margin", former)
    if not type(network).__module__.startswith(_OWN_PACKAGE):
        _check_size(known)
    restored: Network = known
    return restored


@torch.no_grad()
def _check_size(network: Network, side: int = 48) -> None:
    """Raises ValueError if the size of an output is not what the network's attributes say."""
    x = torch.full((1, network.in_channels, side, side), 0.5)
    training = network.training
    out = network.eval()(x.to(next(network.parameters(), x).dtype))
    network.train(training)
    got = list(out.shape) if isinstance(out, Tensor) else type(out).__name__
    for scale in network.scales:
        large = -int(-side * scale // 1) if network.upsamples else side
        expected = [1, network.in_channels, *[large - 2 * network.output_margin] * 2]
        if got != expected:
            raise ValueError(
                f"{type(network).__name__} makes {got} of {list(x.shape)}, expected {expected} at "
                f"scale {scale} with upsamples={network.upsamples} and "
                f"output_margin={network.output_margin}"
            )


def check_scales(scales: Sequence[float]) -> tuple[float, ...]:
    """The scales as a tuple.

    Raises:
        ValueError: there is none, or one is not at least 1.
    """
    if not scales or any(scale < 1 for scale in scales):
        raise ValueError(f"scales must be one or more numbers of at least 1, got {list(scales)}")
    return tuple(int(scale) if scale == int(scale) else float(scale) for scale in scales)


def single_scale(scales: Sequence[float], allowed: Sequence[int] = (2, 3, 4)) -> int:
    """The one scale of a network that enlarges by sub-pixel convolution.

    Raises:
        ValueError: there is not exactly one, or it is not among those allowed.
    """
    if len(scales) != 1 or scales[0] not in allowed:
        choices = ", ".join(str(scale) for scale in allowed)
        raise ValueError(f"scales must hold exactly one of {choices}, got {list(scales)}")
    return int(scales[0])


def check_positive(**sizes: float) -> None:
    """Checks sizes of an architecture, given by name.

    Raises:
        ValueError: one is below 1.
    """
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Checks an argument that names one of several options.

    Args:
        name: of the argument.
        value: what was given.
        choices: the options.

    Raises:
        ValueError: it names none.
    """
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")

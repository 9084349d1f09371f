"""What every restoration network promises."""

from collections.abc import Sequence

from torch import Tensor, nn


class Network(nn.Module):
    """A network from images to restored images, both [B, C, H, W] with values in [0, 1].

    Attributes:
        in_channels: 1 for the Y channel, 3 for RGB; the output has as many.
        scales: the scales that it is made for.
        upsamples: False: the input is the bicubic-interpolated image at the target size (SRCNN,
            VDSR). True: the input is the low-resolution image, and the network enlarges it.
        margin: output pixels that unpadded convolutions cost on each side of the input.
    """

    in_channels: int
    scales: tuple[float, ...]
    upsamples: bool = False
    margin: int = 0

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C, H', W']."""
        return x


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

    Raises:
        ValueError: it names none.
    """
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")

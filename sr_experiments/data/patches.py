"""Where training patches lie: all randomness of an epoch is drawn here, in one place.

An epoch is a table with a row per patch: (item, top, left, symmetry). Loader workers and processes
only read rows, so that their number changes nothing but who cuts which patch.
"""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Generator, Tensor

Size = tuple[int, int]


class Patches(Protocol):
    """A rule that places patches in the network's input images.

    size: side of a patch in pixels of the network's input.
    batch_size: patches per step and process.
    """

    size: int
    batch_size: int

    def rows(self, sizes: Sequence[Size], generator: Generator) -> Tensor:
        """One epoch for images of these (height, width): int64 [N, 4], shuffled."""


def _positive(**values: int) -> None:
    for name, value in values.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")


def _symmetries(n: int, augment: bool, generator: Generator) -> Tensor:
    return torch.randint(8 if augment else 1, (n, 1), generator=generator)


class GridPatches:
    """All patches of a regular grid, in random order.

    Args:
        size: side of a patch; 41 for VDSR, 33 for SRCNN.
        stride: step of the grid; equal to the size there is no overlap, as for VDSR.
        batch_size: patches per step and process.
        augment: mirror and turn each patch by one of the eight symmetries, drawn anew each epoch.

    Raises:
        ValueError: a number is below 1.
    """

    def __init__(self, size: int, stride: int, batch_size: int, augment: bool = True) -> None:
        _positive(size=size, stride=stride, batch_size=batch_size)
        self.size = size
        self.stride = stride
        self.batch_size = batch_size
        self.augment = augment

    def rows(self, sizes: Sequence[Size], generator: Generator) -> Tensor:
        corners = []
        for item, (height, width) in enumerate(sizes):
            top = torch.arange(0, height - self.size + 1, self.stride)
            left = torch.arange(0, width - self.size + 1, self.stride)
            corners.append(torch.cartesian_prod(torch.tensor([item]), top, left))
        table = torch.cat(corners)
        table = table[torch.randperm(len(table), generator=generator)]
        return torch.cat([table, _symmetries(len(table), self.augment, generator)], dim=1)


class RandomPatches:
    """Patches at random places; every image gives equally many.

    Args:
        size: side of a patch.
        per_image: patches per image and scale in an epoch.
        batch_size: patches per step and process.
        augment: as for :class:`GridPatches`.

    Raises:
        ValueError: a number is below 1.
    """

    def __init__(self, size: int, per_image: int, batch_size: int, augment: bool = True) -> None:
        _positive(size=size, per_image=per_image, batch_size=batch_size)
        self.size = size
        self.per_image = per_image
        self.batch_size = batch_size
        self.augment = augment

    def rows(self, sizes: Sequence[Size], generator: Generator) -> Tensor:
        items = torch.arange(len(sizes)).repeat(self.per_image)
        items = items[torch.randperm(len(items), generator=generator)]
        room = torch.tensor(sizes)[items] - self.size + 1
        place = torch.rand(len(items), 2, generator=generator, dtype=torch.float64)
        corners = (place * room).long()
        symmetries = _symmetries(len(items), self.augment, generator)
        return torch.cat([items[:, None], corners, symmetries], dim=1)

"""Where training patches lie: all randomness of an epoch is drawn here, in one place.

An epoch is a table with a row per patch: (item, top, left, symmetry, key). The key is the seed of
whatever else is random about a patch, as its noise. Loader workers and processes only read rows, so
that their number changes nothing but who cuts which patch.
"""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Generator, Tensor

from sr_experiments.ranges import Count, NonNegative

Size = tuple[int, int]


class Patches(Protocol):
    """A rule that places patches in the network's input images.

    size: side of a patch in pixels of the network's input.
    batch_size: patches per step and process.
    min_std: patches whose target varies less (standard deviation on 0..255) are left out.
    steps_per_epoch: steps that an epoch of the recipe has; None: one pass over all patches.
    """

    size: int
    batch_size: int
    min_std: float
    steps_per_epoch: int | None

    def rows(self, sizes: Sequence[Size] | Tensor, generator: Generator) -> Tensor:
        """One epoch for images of these (height, width): int64 [N, 5], shuffled."""


def check_at_least(minimum: int, **values: float | None) -> None:
    """Checks arguments by name; None is none of them.

    Raises:
        ValueError: one is smaller.
    """
    for name, value in values.items():
        if value is not None and value < minimum:
            raise ValueError(f"{name} must be at least {minimum}, got {value}")


def _rest(n: int, symmetries: Sequence[int], generator: Generator) -> Tensor:
    """The last two columns."""
    chosen = torch.tensor(symmetries)[torch.randint(len(symmetries), (n, 1), generator=generator)]
    return torch.cat([chosen, torch.randint(2**62, (n, 1), generator=generator)], dim=1)


def _symmetries(augment: bool | Sequence[int]) -> tuple[int, ...]:
    if isinstance(augment, bool):
        return tuple(range(8)) if augment else (0,)
    if not augment or any(not 0 <= k < 8 for k in augment):
        raise ValueError(f"augment must be true, false or some of 0..7, got {list(augment)}")
    return tuple(augment)


class GridPatches:
    """All patches of a regular grid, in random order.

    Args:
        size: side of a patch; 41 for VDSR, 33 for SRCNN.
        stride: step of the grid; equal to the size there is no overlap, as for VDSR.
        batch_size: patches per step and process.
        augment: turn each patch by one of the eight symmetries, drawn anew each epoch; a list
            allows some of them: k % 4 quarter turns, mirrored first if k is 4 to 7.
        min_std: patches that vary less (standard deviation on 0..255) are left out.
        steps_per_epoch: steps of an epoch, as of recipes that count steps; None: one pass.

    Raises:
        ValueError: a number is out of range.
    """

    def __init__(
        self,
        size: Count,
        stride: Count,
        batch_size: Count,
        augment: bool | Sequence[int] = True,
        min_std: NonNegative = 0.0,
        steps_per_epoch: Count | None = None,
    ) -> None:
        check_at_least(0, min_std=min_std)
        check_at_least(1, steps_per_epoch=steps_per_epoch)
        check_at_least(1, size=size, stride=stride, batch_size=batch_size)
        self.size = size
        self.stride = stride
        self.batch_size = batch_size
        self.symmetries = _symmetries(augment)
        self.min_std = min_std
        self.steps_per_epoch = steps_per_epoch

    def rows(self, sizes: Sequence[Size] | Tensor, generator: Generator) -> Tensor:
        corners = []
        for item, (height, width) in enumerate(torch.as_tensor(sizes).tolist()):
            top = torch.arange(0, height - self.size + 1, self.stride)
            left = torch.arange(0, width - self.size + 1, self.stride)
            corners.append(torch.cartesian_prod(torch.tensor([item]), top, left))
        table = torch.cat(corners)
        table = table[torch.randperm(len(table), generator=generator)]
        return torch.cat([table, _rest(len(table), self.symmetries, generator)], dim=1)


class RandomPatches:
    """Patches at random places; every image gives equally many.

    Args:
        size: side of a patch; 48 for EDSR, 24 for SRGAN (96 in the original at scale 4).
        per_image: patches per image and scale in an epoch.
        batch_size: patches per step and process.
        augment: as for :class:`GridPatches`.
        min_std: as for :class:`GridPatches`.
        steps_per_epoch: as for :class:`GridPatches`.

    Raises:
        ValueError: a number is out of range.
    """

    def __init__(
        self,
        size: Count,
        per_image: Count,
        batch_size: Count,
        augment: bool | Sequence[int] = True,
        min_std: NonNegative = 0.0,
        steps_per_epoch: Count | None = None,
    ) -> None:
        check_at_least(0, min_std=min_std)
        check_at_least(1, steps_per_epoch=steps_per_epoch)
        check_at_least(1, size=size, per_image=per_image, batch_size=batch_size)
        self.size = size
        self.per_image = per_image
        self.batch_size = batch_size
        self.symmetries = _symmetries(augment)
        self.min_std = min_std
        self.steps_per_epoch = steps_per_epoch

    def rows(self, sizes: Sequence[Size] | Tensor, generator: Generator) -> Tensor:
        items = torch.arange(len(sizes)).repeat(self.per_image)
        items = items[torch.randperm(len(items), generator=generator)]
        room = torch.as_tensor(sizes)[items] - self.size + 1
        place = torch.rand(len(items), 2, generator=generator, dtype=torch.float64)
        corners = (place * room).long()
        rest = _rest(len(items), self.symmetries, generator)
        return torch.cat([items[:, None], corners, rest], dim=1)

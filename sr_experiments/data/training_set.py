"""Batches of patches from image stores."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset

from sr_experiments.batches import TrainingBatch
from sr_experiments.data.patches import Patches
from sr_experiments.data.store.reader import DeviceReader, Reader
from sr_experiments.imaging import Degradation
from sr_experiments.imaging.augment import apply_symmetries
from sr_experiments.imaging.resize import as_fraction


class TrainingSet(Dataset[TrainingBatch]):
    """Whole images, degraded once; batches of patches on request.

    Args:
        images: int64 [items], which image each item is.
        scales: float32 [items].
        sizes: int64 [items, 2], height and width of the network's input.
        inputs: reads what the network sees, by item.
        targets: reads the originals, by item.
        patches: the rule that places patches.
        degradation: adds the noise.
        interpolated: inputs have the size of the targets.
    """

    def __init__(
        self,
        images: Tensor,
        scales: Tensor,
        sizes: Tensor,
        inputs: Reader,
        targets: Reader,
        patches: Patches,
        degradation: Degradation,
        interpolated: bool,
    ) -> None:
        self.images = images
        self.scales = scales
        self.sizes = sizes
        self.inputs = inputs
        self.targets = targets
        self.patches = patches
        self.degradation = degradation
        self.interpolated = interpolated

    @property
    def groups(self) -> Tensor | None:
        """The group of each item, int64 [items], where targets differ in size; None: mix them."""
        if self.interpolated or len(self.scales.unique()) == 1:
            return None
        groups: Tensor = self.scales.unique(return_inverse=True)[1]
        return groups

    @property
    def on_device(self) -> bool:
        """Whether batches are made where they are needed."""
        return isinstance(self.inputs, DeviceReader)

    def rows(self, generator: Generator) -> Tensor:
        """One epoch's table of patches: item, top, left, symmetry and key, int64 [N, 5]."""
        table = self.patches.rows(self.sizes, generator)
        if self.patches.min_std == 0:
            return table
        return table[self._lively(table)]

    def __getitems__(self, rows: Tensor) -> TrainingBatch:
        """The batch for rows (item, top, left, symmetry, key) of the table."""
        x = self.inputs.read_patches(rows, rows[:, 1:3], self.patches.size)
        if self.degradation.noisy:
            x = x + self._noise(rows.to(x.device), x.shape[1:])
        return {
            "input": x.div_(255),
            "target": self._target(rows).div_(255),
            "scale": self.scales[rows[:, 0]],
            "index": self.images[rows[:, 0]],
        }

    def _target(self, rows: Tensor) -> Tensor:
        factor = 1 if self.interpolated else int(self.scales[rows[0, 0]])
        return self.targets.read_patches(rows, rows[:, 1:3] * factor, self.patches.size * factor)

    def _noise(self, rows: Tensor, shape: Sequence[int]) -> Tensor:
        keys = rows[:, 4]
        if not self.interpolated:
            return self.degradation.noise(keys, shape)
        scales = self.scales.to(rows.device)[rows[:, 0]]
        noise = torch.empty(len(rows), *shape, device=rows.device)
        for scale in scales.unique().tolist():
            chosen = scales == scale
            noise[chosen] = self.degradation.upscaled_noise(
                keys[chosen], shape, as_fraction(scale), rows[chosen, 1:3]
            )
        return apply_symmetries(noise, rows[:, 3])

    def _lively(self, table: Tensor) -> Tensor:
        """Which rows show enough detail: bool [N]."""
        kept = torch.zeros(len(table), dtype=torch.bool)
        groups = torch.zeros(len(self.sizes)) if self.groups is None else self.groups
        group = groups[table[:, 0]]
        for name in group.unique():
            for part in (group == name).nonzero()[:, 0].split(256):
                deviation = self._target(table[part]).flatten(1).std(dim=1)
                kept[part] = (deviation >= self.patches.min_std).cpu()
        return kept

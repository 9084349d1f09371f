"""Pairs of degraded and original images in memory, from which patches are cut."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset

from sr_experiments.batches import TrainingBatch
from sr_experiments.data.degradation import degrade
from sr_experiments.data.patches import Patches, Size
from sr_experiments.errors import ImageError
from sr_experiments.imaging import load_image
from sr_experiments.imaging.augment import dihedral
from sr_experiments.imaging.resize import as_fraction


class Pair(NamedTuple):
    """One image at one scale: input [C, h, w] float32 and target [C, H, W] uint8, on 0..255."""

    input: Tensor
    target: Tensor
    scale: float
    image: int


class TrainingSet(Dataset[TrainingBatch]):
    """Whole images, degraded once in double precision; batches of patches on request.

    Args:
        files: the images.
        scales: scales; each image is held once per scale, and batches mix them.
        channels: 1 = Y, 3 = RGB.
        interpolated: inputs are enlarged to the size of the targets.
        patches: the rule that places patches.

    Raises:
        ImageError: an image is unusable or smaller than a patch.
    """

    def __init__(
        self,
        files: Sequence[Path],
        scales: Sequence[float],
        channels: int,
        interpolated: bool,
        patches: Patches,
    ) -> None:
        self.patches = patches
        self.pairs: list[Pair] = []
        for index, path in enumerate(files):
            image = load_image(path)
            for scale in scales:
                _check_size(image, path, scale, patches.size * (1 if interpolated else scale))
                small, target = degrade(image, scale, channels, interpolated)
                self.pairs.append(Pair(small, target, scale, index))
        self.sizes: list[Size] = [(p.input.shape[-2], p.input.shape[-1]) for p in self.pairs]

    def rows(self, generator: Generator) -> Tensor:
        """One epoch's table of patches."""
        return self.patches.rows(self.sizes, generator)

    def __getitems__(self, rows: Tensor) -> TrainingBatch:
        """The batch for rows (pair, top, left, symmetry) of the table."""
        size = self.patches.size
        inputs, targets, scales, indices = [], [], [], []
        for item, top, left, symmetry in rows.tolist():
            pair = self.pairs[item]
            factor = pair.target.shape[-1] // pair.input.shape[-1]
            small = pair.input[:, top : top + size, left : left + size]
            top, left, side = top * factor, left * factor, size * factor
            target = pair.target[:, top : top + side, left : left + side]
            inputs.append(dihedral(small, symmetry))
            targets.append(dihedral(target, symmetry))
            scales.append(pair.scale)
            indices.append(pair.image)
        return {
            "input": torch.stack(inputs) / 255,
            "target": torch.stack(targets).float() / 255,
            "scale": torch.tensor(scales),
            "index": torch.tensor(indices),
        }


def _check_size(image: Tensor, path: Path, scale: float, least: float) -> None:
    """Makes sure that a patch fits, after cropping to whole multiples of the scale."""
    multiple = as_fraction(scale).numerator
    if min(side - side % multiple for side in image.shape[-2:]) < least:
        raise ImageError(
            f"{path}: {image.shape[-1]} x {image.shape[-2]} pixels are too few for a patch at "
            f"scale {scale:g}, which takes {least:g} x {least:g}; remove the image or set a "
            "smaller patches.size"
        )

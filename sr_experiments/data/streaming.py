"""Patches of images that are too many for a store: each is decoded when it is needed."""

import math
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset

from sr_experiments.batches import TrainingBatch
from sr_experiments.data.file_list import FileList
from sr_experiments.data.patches import RandomPatches
from sr_experiments.data.store.spec import StoreSpec
from sr_experiments.errors import ImageError
from sr_experiments.imaging import Degradation, load_image
from sr_experiments.imaging.augment import apply_symmetries
from sr_experiments.imaging.noise import uniform
from sr_experiments.imaging.resize import as_fraction

Broken = Literal["stop", "skip"]
_TRIES = 8  # places that are looked at for a patch that is not flat


class StreamingSet(Dataset[TrainingBatch]):
    """One patch per decoded image; the patch itself is degraded, as SRGAN's trainers do.

    Args:
        files: the images.
        scales: the scales; each image is there once per scale.
        channels: 1 = Y, 3 = RGB.
        interpolated: inputs are enlarged to the size of the targets.
        patches: size and number of the patches.
        degradation: how inputs are made.
        broken: "stop" at an image that cannot be read or is too small, or "skip" it: the next one
            takes its place, and its name is appended to ``report``.
        report: file for the names of skipped images.
    """

    def __init__(
        self,
        files: FileList,
        scales: Sequence[float],
        channels: int,
        interpolated: bool,
        patches: RandomPatches,
        degradation: Degradation,
        broken: Broken,
        report: Path,
    ) -> None:
        self.files = files
        self.scales = torch.tensor([float(scale) for scale in scales])
        self.patches = patches
        self.degradation = degradation
        self.broken = broken
        self.report = report
        self.original = StoreSpec(channels)
        self.interpolated = interpolated
        self.ratios = [as_fraction(scale) for scale in scales]

    @property
    def groups(self) -> Tensor | None:
        """The scale of each item, int64 [items], where targets differ in size; None: mix them."""
        if self.interpolated or len(self.ratios) == 1:
            return None
        return torch.arange(len(self.files) * len(self.ratios)) % len(self.ratios)

    def rows(self, generator: Generator) -> Tensor:
        """One epoch's table, int64 [N, 5]; places are left open, since sizes are unknown."""
        unknown = [(self.patches.size, self.patches.size)] * (len(self.files) * len(self.ratios))
        return self.patches.rows(unknown, generator)

    def __getitems__(self, rows: Tensor) -> TrainingBatch:
        """The batch for rows (item, -, -, symmetry, key) of the table."""
        pairs = [self._pair(*row) for row in rows[:, [0, 4]].tolist()]
        inputs, targets = (torch.stack(images) for images in zip(*pairs, strict=True))
        return {
            "input": apply_symmetries(inputs, rows[:, 3]) / 255,
            "target": apply_symmetries(targets, rows[:, 3]) / 255,
            "scale": self.scales[rows[:, 0] % len(self.scales)],
            "index": rows[:, 0] // len(self.scales),
        }

    def _pair(self, item: int, key: int) -> tuple[Tensor, Tensor]:
        index, number = divmod(item, len(self.ratios))
        ratio, size = self.ratios[number], self.patches.size
        # In the original, a patch is a whole number of periods of the sampling grid.
        periods = math.ceil((size if self.interpolated else size * ratio) / ratio.numerator)
        side = periods * ratio.numerator
        original = self._cut(self._image(index, side), side, key)
        target = self.original.render(original)[None].double()
        small = self.degradation.downscale(target, ratio, key % self.degradation.quality_count)
        if self.degradation.noisy:
            small = small + self.degradation.noise(torch.tensor([key]), small.shape[1:])
        if self.interpolated:
            small = self.degradation.upscale(small, ratio)[..., :size, :size]
            target = target[..., :size, :size]
        return small[0].float(), target[0].float()

    def _image(self, index: int, min_size: int) -> Tensor:
        """The image, or the next one that is usable."""
        for step in range(len(self.files)):
            path = self.files[(index + step) % len(self.files)]
            try:
                image = load_image(path)
                if min(image.shape[-2:]) >= min_size:
                    return image
                raise ImageError(
                    f"{path}: {image.shape[-1]} x {image.shape[-2]} pixels are fewer than a patch "
                    f"of {min_size}"
                )
            except ImageError as error:
                if self.broken == "stop":
                    raise ImageError(f"{error} (data.broken=skip leaves such images out)") from None
                self._note(error)
        raise ImageError(f"{self.files[0].parent}: none of the images can be used")

    def _note(self, error: ImageError) -> None:
        # One short write in append mode is whole, also among several processes.
        line = f"{' '.join(str(error).split())}\n".encode()
        with suppress(OSError):  # a full cache takes no note; training goes on
            file = os.open(self.report, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            os.write(file, line)
            os.close(file)

    def _cut(self, image: Tensor, side: int, key: int) -> Tensor:
        """A patch of the original at a place that the key draws."""
        height, width = image.shape[-2:]
        draws = uniform(torch.arange(2 * _TRIES) + key).view(-1, 2)
        for down, across in draws.tolist():
            top = int(down * (height - side + 1))
            left = int(across * (width - side + 1))
            patch = image[:, top : top + side, left : left + side]
            if not self.patches.min_std or patch.float().std() >= self.patches.min_std:
                break
        return patch


def skipped(report: Path) -> set[str]:
    """The images that were skipped, with reasons."""
    try:
        return set(report.read_text(encoding="utf-8").splitlines())
    except OSError:
        return set()

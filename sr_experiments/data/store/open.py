"""From image files to the stores that a training run reads."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sr_experiments.data.image_set import ImageSet
from sr_experiments.data.index import ImageInfo, index_images
from sr_experiments.data.store.build import build_stores
from sr_experiments.data.store.reader import ItemTable
from sr_experiments.data.store.spec import StoreSpec
from sr_experiments.data.validate import check_sizes, pair_up
from sr_experiments.errors import ImageError
from sr_experiments.imaging import Degradation
from sr_experiments.imaging.resize import as_fraction


class StoredImages(NamedTuple):
    """Every image at every scale and quality_index.

    Attributes:
        images: int64 [N], which image it is.
        scales: float32 [N].
        sizes: int64 [N, 2], height and width of the network's input.
        inputs: what the network sees.
        targets: the originals.
    """

    images: Tensor
    scales: Tensor
    sizes: Tensor
    inputs: ItemTable
    targets: ItemTable


def store_images(
    entries: Sequence[ImageInfo],
    scales: Sequence[float],
    channels: int,
    interpolated: bool,
    degradation: Degradation,
    cache: Path,
    low_resolution: Mapping[float, ImageSet] | None = None,
    min_size: int = 1,
    workers: int | None = None,
) -> StoredImages:
    """Opens the stores of a set, after building those that are missing.

    Args:
        entries: the originals.
        scales: the scales.
        channels: 1 = Y, 3 = RGB.
        interpolated: inputs are enlarged to the size of the targets.
        degradation: how inputs are made.
        cache: folder of the stores.
        low_resolution: images of the inputs that exist already, by scale.
        min_size: smallest side in pixels that an input may have.
        workers: processes that build; None: as many as are worthwhile.

    Raises:
        ImageError: images are too small or do not fit together; names them.
    """
    original = StoreSpec(channels)
    made: list[tuple[float, StoreSpec]] = []
    provided: list[tuple[float, StoreSpec, list[ImageInfo]]] = []
    for scale in scales:
        ratio = as_fraction(scale)
        if low_resolution:
            spec = StoreSpec(channels, degradation, ratio, 0, interpolated, provided=True)
            small = _low_resolution(low_resolution, scale, cache, workers)
            provided.append((scale, spec, pair_up(entries, small, scale)))
            check_sizes(provided[-1][2], spec, min_size)
            continue
        for quality_index in range(degradation.quality_count):
            spec = StoreSpec(channels, degradation, ratio, quality_index, interpolated)
            check_sizes(entries, spec, min_size)
            made.append((scale, original if degradation.unchanged(ratio) else spec))
    stores = build_stores(entries, [original, *(v for _, v in made)], cache, workers)
    found = [(scale, store) for (scale, _), store in zip(made, stores[1:], strict=True)]
    for scale, spec, small in provided:
        found += [(scale, store) for store in build_stores(small, [spec], cache, workers)]
    shapes = np.stack([store.layout.shapes[:, 1:] for _, store in found], axis=1)
    return StoredImages(
        torch.arange(len(entries)).repeat_interleave(len(found)),
        torch.tensor([scale for scale, _ in found], dtype=torch.float32).repeat(len(entries)),
        torch.from_numpy(shapes.reshape(-1, 2)),
        ItemTable([store for _, store in found]),
        ItemTable([stores[0]] * len(found)),
    )


def _low_resolution(
    sets: Mapping[float, ImageSet], scale: float, cache: Path, workers: int | None
) -> list[ImageInfo]:
    if scale not in sets:
        raise ImageError(
            f"data.low_resolution has no folder for scale {scale:g}; it has "
            f"{', '.join(f'{s:g}' for s in sets)}"
        )
    return index_images(sets[scale].files, cache, workers)

"""Whole images of benchmark sets."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch.utils.data import Dataset

from sr_experiments.batches import EvaluationItem
from sr_experiments.data.image_set import ImageSet
from sr_experiments.data.index import index_images
from sr_experiments.data.validate import any_partner, pair_up
from sr_experiments.imaging import load_image

#: Low-resolution files of a set's images at a scale.
Provided = Mapping[tuple[str, float], Mapping[str, str]]


class EvaluationSet(Dataset[EvaluationItem]):
    """Every image of every set at every scale.

    Args:
        sets: the benchmark sets.
        scales: the scales.
        provided: low-resolution files, where they exist.
    """

    def __init__(
        self, sets: Sequence[ImageSet], scales: Sequence[float], provided: Provided | None = None
    ) -> None:
        self.provided = provided or {}
        self.items = [(s.name, scale, file) for s in sets for scale in scales for file in s.files]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> EvaluationItem:
        name, scale, file = self.items[index]
        image = load_image(Path(file))
        item: EvaluationItem = {"image": image, "path": file, "benchmark": name, "scale": scale}
        if (name, scale) in self.provided:
            item["low_resolution"] = load_image(Path(self.provided[name, scale][file]))
        return item


def find_provided(
    sets: Sequence[ImageSet], low_resolution: Mapping[float, ImageSet], cache: Path
) -> Provided:
    """Finds the low-resolution files of sets, by the same names as for training.

    Args:
        sets: the benchmark sets.
        low_resolution: low-resolution files by scale; a set of which none has the name of an image
            is not meant.
        cache: folder of image lists.

    Raises:
        ImageError: some of a set's images have a partner and others none, or it does not fit.
    """
    provided = {}
    for scale, files in low_resolution.items():
        small = index_images(files.files, cache)
        for images in sets:
            originals = index_images(images.files, cache)
            if any_partner(originals, small, scale):
                pairs = zip(originals, pair_up(originals, small, scale), strict=True)
                provided[images.name, scale] = {one.path: other.path for one, other in pairs}
    return provided


class Share(Dataset[EvaluationItem | None]):
    """One process's images; each image goes to one process, and all shares are equally long.

    What is missing at the end of a share is None. A process with fewer steps than the others would
    leave them waiting: they exchange buffers in each step and scores at the end.

    Args:
        whole: all images.
        rank: number of this process.
        world_size: number of processes.
    """

    def __init__(self, whole: EvaluationSet, rank: int, world_size: int) -> None:
        self.whole, self.rank, self.world_size = whole, rank, world_size

    def __len__(self) -> int:
        return -(-len(self.whole) // self.world_size)

    def __getitem__(self, index: int) -> EvaluationItem | None:
        place = self.rank + index * self.world_size
        return self.whole[place] if place < len(self.whole) else None

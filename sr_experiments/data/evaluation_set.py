"""Whole images of benchmark sets."""

from collections.abc import Sequence
from pathlib import Path

from torch.utils.data import Dataset

from sr_experiments.batches import EvaluationItem
from sr_experiments.data.image_set import ImageSet
from sr_experiments.imaging import load_image


class EvaluationSet(Dataset[EvaluationItem]):
    """Every image of every set at every scale.

    Args:
        sets: the benchmark sets.
        scales: the scales.
    """

    def __init__(self, sets: Sequence[ImageSet], scales: Sequence[float]) -> None:
        self.items = [(s.name, scale, file) for s in sets for scale in scales for file in s.files]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> EvaluationItem:
        name, scale, file = self.items[index]
        return {"image": load_image(Path(file)), "path": file, "benchmark": name, "scale": scale}


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

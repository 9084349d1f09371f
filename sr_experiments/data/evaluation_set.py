"""Whole images of benchmark sets."""

from collections.abc import Sequence
from pathlib import Path

from torch.utils.data import Dataset

from sr_experiments.batches import EvaluationItem
from sr_experiments.data.image_set import ImageSet
from sr_experiments.imaging import load_image


class EvaluationSet(Dataset[EvaluationItem]):
    """Every image of every set at every scale; with several processes, each item goes to one.

    Args:
        sets: the benchmark sets.
        scales: the scales.
        rank: number of this process.
        world_size: number of processes.
    """

    def __init__(
        self,
        sets: Sequence[ImageSet],
        scales: Sequence[float],
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        items = [(s.name, scale, file) for s in sets for scale in scales for file in s.files]
        self.items = items[rank::world_size]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> EvaluationItem:
        name, scale, file = self.items[index]
        return {"image": load_image(Path(file)), "path": file, "benchmark": name, "scale": scale}

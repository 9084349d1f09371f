"""Images from folders to batches."""

from sr_experiments.data.datamodule import RestorationDataModule
from sr_experiments.data.degradation import Degradation
from sr_experiments.data.patches import GridPatches, RandomPatches
from sr_experiments.data.sets import DIV2K, SR291

__all__ = ["DIV2K", "SR291", "Degradation", "GridPatches", "RandomPatches", "RestorationDataModule"]

"""Images from folders to batches."""

from sr_experiments.data.datamodule import RestorationDataModule
from sr_experiments.data.patches import GridPatches, RandomPatches

__all__ = ["GridPatches", "RandomPatches", "RestorationDataModule"]

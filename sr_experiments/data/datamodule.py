"""The LightningDataModule of every set of images."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytorch_lightning as pl
from torch.utils.data import DataLoader

from sr_experiments.batches import EvaluationItem, TrainingBatch
from sr_experiments.data.evaluation_set import EvaluationSet
from sr_experiments.data.image_set import ImageSet, image_set, resolve_root
from sr_experiments.data.patches import Patches
from sr_experiments.data.sampler import PatchSampler
from sr_experiments.data.training_set import TrainingSet

Benchmarks = Mapping[str, Sequence[str]]


def _unchanged(batch: Any) -> Any:
    return batch


class RestorationDataModule(pl.LightningDataModule):
    """Patches of training images, and whole images of benchmark sets.

    Args:
        root: folder below which the entries lie; ``pkg://package/folder`` means one inside an
            installed package.
        train: folders or files with the training images.
        val: benchmark sets that are scored during training: a name and its folders or files.
        test: benchmark sets that are scored at the end.
        patches: the rule that places patches.
        channels: 1 = Y, 3 = RGB; the network's.
        scales: the network's.
        interpolated: whether the network's input is already enlarged.
        batch_size: patches per step and process; None: that of ``patches``.
        steps_per_epoch: steps per epoch; None: one pass over all patches.
        num_workers: loader processes; 0 cuts patches in the training process.
        seed: seed of the order, the places and the symmetries.
    """

    def __init__(
        self,
        root: str,
        train: Sequence[str],
        val: Benchmarks,
        test: Benchmarks,
        patches: Patches,
        channels: int,
        scales: Sequence[float],
        interpolated: bool,
        batch_size: int | None = None,
        steps_per_epoch: int | None = None,
        num_workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if num_workers < 0:
            raise ValueError(f"num_workers must be at least 0, got {num_workers}")
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        if not interpolated and len(scales) > 1:
            raise ValueError(
                f"a network with low-resolution input trains on one scale, got {list(scales)}"
            )
        self.patches = patches
        self.channels = channels
        self.scales = tuple(scales)
        self.interpolated = interpolated
        self.batch_size = batch_size or patches.batch_size
        self.steps_per_epoch = steps_per_epoch
        self.num_workers = num_workers
        self.seed = seed
        # Files are listed at once, so that a wrong folder is reported before anything is computed.
        folder = resolve_root(root)
        self.train_set = image_set("train", folder, train)
        self.benchmarks: dict[str, list[ImageSet]] = {
            stage: [image_set(name, folder, entries) for name, entries in sets.items()]
            for stage, sets in (("val", val), ("test", test))
        }

    @property
    def _ranks(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    def train_dataloader(self) -> DataLoader[TrainingBatch]:
        """Batches of patches."""
        files = self.train_set.files
        dataset = TrainingSet(files, self.scales, self.channels, self.interpolated, self.patches)
        sampler = PatchSampler(
            dataset.rows, self.batch_size, self.steps_per_epoch, self.seed, *self._ranks
        )
        return self._loader(dataset, batch_sampler=sampler)

    def val_dataloader(self) -> DataLoader[EvaluationItem]:
        """Whole images of the ``val`` sets."""
        return self._loader(self._evaluation_set("val"), batch_size=None)

    def test_dataloader(self) -> DataLoader[EvaluationItem]:
        """Whole images of the ``test`` sets."""
        return self._loader(self._evaluation_set("test"), batch_size=None)

    def _evaluation_set(self, stage: str) -> EvaluationSet:
        return EvaluationSet(self.benchmarks[stage], self.scales, *self._ranks)

    def _loader(self, dataset: Any, **kwargs: Any) -> DataLoader[Any]:
        return DataLoader(
            dataset,
            collate_fn=_unchanged,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            **kwargs,
        )

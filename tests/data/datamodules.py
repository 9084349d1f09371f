"""Data modules of a few small images, and their batches."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from sr_experiments.batches import TrainingBatch
from sr_experiments.data import RandomPatches, RestorationDataModule

MakeImages = Callable[..., Path]


def module(folder: Path, cache: Path, **changes: Any) -> RestorationDataModule:
    arguments: dict[str, Any] = {
        "root": str(folder.parent),
        "train": [folder.name],
        "val": {},
        "test": {},
        "patches": RandomPatches(12, 4, 4),
        "channels": 3,
        "scales": [2],
        "interpolated": False,
        "cache": str(cache),
        **changes,
    }
    return RestorationDataModule(**arguments)


def batches(data: RestorationDataModule, epoch: int = 0) -> list[TrainingBatch]:
    loader = data.train_dataloader()
    loader.batch_sampler.set_epoch(epoch)  # type: ignore[union-attr]
    return list(loader)


def same(one: Sequence[TrainingBatch], other: Sequence[TrainingBatch]) -> bool:
    return len(one) == len(other) and all(
        torch.equal(a[key], b[key])  # type: ignore[literal-required]
        for a, b in zip(one, other, strict=True)
        for key in ("input", "target", "scale", "index")
    )

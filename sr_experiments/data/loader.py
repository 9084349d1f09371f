"""Loaders that know how long their users waited, and how far in an epoch they are."""

import time
from collections.abc import Iterator
from typing import Any, TypeVar

import torch
from torch.utils.data import DataLoader

from sr_experiments.batches import TrainingBatch
from sr_experiments.data.sampler import PatchSampler
from sr_experiments.errors import ConfigError, UserError
from sr_experiments.worker import loader_worker

Batch = TypeVar("Batch", covariant=True)
_PROCESSOR = torch.device("cpu")


def _unchanged(batch: Any) -> Any:
    return batch


def _original(error: UserError) -> UserError:
    """The error without the traceback that a worker process puts before its message."""
    name = f"{type(error).__module__}.{type(error).__qualname__}: "
    return type(error)(str(error).partition(name)[2].strip() or str(error))


class TimedLoader(DataLoader[Batch]):
    """Hands over the data set's batches as they are.

    Args:
        dataset: makes batches or items.
        num_workers: processes; they are kept between epochs.
        **kwargs: further arguments of ``DataLoader``.

    Attributes:
        wait_seconds: seconds that its users spent waiting for batches.
    """

    def __init__(self, dataset: Any, num_workers: int, **kwargs: Any) -> None:
        super().__init__(
            dataset,
            collate_fn=_unchanged,
            num_workers=num_workers,
            persistent_workers=num_workers > 0,
            worker_init_fn=loader_worker(),
            generator=torch.Generator(),  # or each pass would draw from the global one
            **kwargs,
        )
        self.wait_seconds = 0.0

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]
        batches = super().__iter__()
        while True:
            began = time.perf_counter()
            try:
                batch = next(batches)
            except StopIteration:
                return
            except UserError as error:
                raise _original(error) from None
            self.wait_seconds += time.perf_counter() - began
            yield batch


class PatchLoader(TimedLoader[TrainingBatch]):
    """Batches of patches, with a position that Lightning stores in checkpoints.

    Args:
        dataset: makes batches.
        num_workers: processes; they are kept between epochs.
        sampler: the rows of each batch.
        device: where they go; a GPU copies from page-locked memory while it computes.

    Attributes:
        batch: batches of this epoch that were handed over; what workers hold ready does not count.
    """

    def __init__(
        self,
        dataset: Any,
        num_workers: int,
        sampler: PatchSampler,
        device: torch.device = _PROCESSOR,
    ) -> None:
        pinned = device.type == "cuda" and not getattr(dataset, "on_device", False)
        super().__init__(dataset, num_workers, batch_sampler=sampler, pin_memory=pinned)
        self.patches = sampler
        self.batch = 0

    def __iter__(self) -> Iterator[TrainingBatch]:  # type: ignore[override]
        self.batch = self.patches.start
        for batch in super().__iter__():
            self.batch += 1
            yield batch

    def state_dict(self) -> dict[str, int]:
        """The position, for a checkpoint."""
        return {"batch": self.batch % len(self), "batches": len(self)}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Begins the next pass at the position of a checkpoint.

        Raises:
            ConfigError: it stands amid an epoch of another length.
        """
        if state["batch"] and state["batches"] != len(self):
            raise ConfigError(
                f"ckpt_path: stands at batch {state['batch']} of {state['batches']} in its epoch, "
                f"and epochs now have {len(self)}; continue with the batch size, images and number "
                "of processes it was saved with, or start from its weights with init_from=..."
            )
        self.patches.start = state["batch"]

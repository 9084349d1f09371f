"""A loader that knows how long it was waited for."""

import time
from collections.abc import Iterator
from typing import Any, TypeVar

from torch.utils.data import DataLoader

from sr_experiments.errors import UserError

Batch = TypeVar("Batch", covariant=True)


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
        waited: seconds that its users spent waiting for batches.
    """

    def __init__(self, dataset: Any, num_workers: int, **kwargs: Any) -> None:
        super().__init__(
            dataset,
            collate_fn=_unchanged,
            num_workers=num_workers,
            persistent_workers=num_workers > 0,
            **kwargs,
        )
        self.waited = 0.0

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
            self.waited += time.perf_counter() - began
            yield batch

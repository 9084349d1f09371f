"""Work on many files in parallel processes, with bounded memory."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset

from sr_experiments.errors import ImageError, UserError

Item = TypeVar("Item")
Result = TypeVar("Result")

_WORTHWHILE = 32  # fewer items are done before the processes have started


class _Calls(Dataset[Any], Generic[Item, Result]):
    def __init__(self, function: Callable[[Item], Result], items: Sequence[Item]) -> None:
        self.function = function
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Result | UserError:
        try:
            return self.function(self.items[index])
        except UserError as error:
            return error


def _same(result: Any) -> Any:
    return result


def results(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int | None = None
) -> Iterator[Result | UserError]:
    """Calls the function for each item, in order; a UserError is returned instead of raised.

    The loader's processes serve, since they know how to start, to end with their parent, and to
    keep few results in flight.

    Args:
        function: what to call; it must be picklable.
        items: its arguments.
        workers: processes; None: one per processor, or none for a few items.

    Raises:
        ImageError: a process was killed.
    """
    if workers is None:
        workers = 0 if len(items) < _WORTHWHILE else min(os.cpu_count() or 1, 16)
    # A generator of its own: the run's random numbers must not depend on what was in the cache.
    loader = DataLoader(
        _Calls(function, items),
        batch_size=None,
        collate_fn=_same,
        num_workers=workers,
        generator=torch.Generator(),
    )
    try:
        yield from loader
    except RuntimeError as error:  # torch has no class of its own for this
        if not str(error).startswith("DataLoader worker"):
            raise
        raise ImageError(
            f"a process that read images was killed ({error}), as a rule since memory is short; "
            "what is finished is kept, and the same command goes on from there"
        ) from None

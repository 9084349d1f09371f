"""Work on many files in parallel processes, with bounded memory."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset

from sr_experiments.errors import ImageError, UserError
from sr_experiments.worker import is_lost_worker, loader_worker

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
        KeyboardInterrupt: Ctrl-C, between two results; or what else its handler raises.
    """
    if workers is None:
        workers = 0 if len(items) < _WORTHWHILE else min(os.cpu_count() or 1, 16)
    # A generator of its own: the run's random numbers must not depend on what was in the cache.
    loader = DataLoader(
        _Calls(function, items),
        batch_size=None,
        collate_fn=_same,
        num_workers=workers,
        worker_init_fn=loader_worker(),
        generator=torch.Generator(),
    )
    try:
        with _between_results() as pause:
            for result in loader:
                pause()
                yield result
            pause()
    except RuntimeError as error:
        if not is_lost_worker(error):
            raise
        raise ImageError(
            f"a process that read images was killed ({error}), as a rule since memory is short; "
            "what is finished is kept, and the same command goes on from there"
        ) from None


@contextmanager
def _between_results() -> Iterator[Callable[[], None]]:
    """Notes Ctrl-C until the yielded function is called; a second one does not wait.

    Raised amid the loader, an exception can leave a queue's lock taken, for which Python then
    waits for ever at its end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    handler = signal.getsignal(signal.SIGINT)
    noted = 0

    def note(number: int, frame: Any) -> None:
        nonlocal noted
        noted += 1
        if noted > 1:
            raise_noted()

    def raise_noted() -> None:
        if noted and callable(handler):
            handler(signal.SIGINT, None)

    if callable(handler):
        signal.signal(signal.SIGINT, note)
    try:
        yield raise_noted
    finally:
        signal.signal(signal.SIGINT, handler)

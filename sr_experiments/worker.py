"""Processes that work for another one: they end with it, and leave Ctrl-C to it."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from types import TracebackType

_PR_SET_PDEATHSIG = 1


def die_with_parent(ancestor: int) -> None:
    """Has the kernel kill this process when its parent ends, however that ends (Linux).

    Args:
        ancestor: process id of the parent or of the parent's parent.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == 1 != ancestor:  # the parent has ended already
            os._exit(137)


def loader_worker() -> Callable[[int], None]:
    """What a loader's worker process does first (``worker_init_fn``).

    A worker whose parent was killed may wait for ever to hand over what it holds, together with
    the locks that it has inherited. A terminal sends Ctrl-C to it too, but the parent may want to
    finish its step.
    """
    return partial(_begin, os.getpid())


def is_lost_worker(error: BaseException) -> bool:
    """Whether an error says that a loader's worker process was killed (torch has no class for it).

    torch raises it amid whatever the main thread does.
    """
    return isinstance(error, RuntimeError) and str(error).startswith("DataLoader worker")


def _begin(parent: int, _: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.excepthook = _unless_deserted
    die_with_parent(parent)


def _unless_deserted(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Shows an exception, but for the main process's leaving amid an exchange of tensors.

    It does so when another worker was killed, and says that. Exceptions of what a worker loads do
    not come here: they are raised in the main process.
    """
    if not issubclass(kind, ConnectionError | EOFError):
        sys.__excepthook__(kind, error, trace)

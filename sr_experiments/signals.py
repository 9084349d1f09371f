"""Signals that ask a run to stop: SIGTERM, Ctrl-C, and a cluster's warning before its limit."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sr_experiments.errors import Interrupted

_WARNINGS = (signal.SIGUSR1, signal.SIGUSR2)
_STOPS = (signal.SIGTERM, signal.SIGINT)
_SECONDS_BETWEEN_KEYS = 1.0  # torchrun passes on a Ctrl-C that its children have got already


@contextmanager
def leaving_on_interrupt() -> Iterator[None]:
    """Ctrl-C ends the process at once within, with one word; afterwards it raises again.

    For the time in which a configuration is composed and nothing is written: OmegaConf, which
    restores flags in ``finally`` clauses that may fail, loses a ``KeyboardInterrupt`` or turns it
    into an error of its own.
    """
    _replace_default(_leave)
    try:
        yield
    finally:
        raise_on_interrupt()


def raise_on_interrupt() -> None:
    """Ctrl-C raises ``KeyboardInterrupt`` from here on, as Python does by itself."""
    _replace_default(signal.default_int_handler)


def _replace_default(handler: Callable[[int, Any], Any]) -> None:
    """Sets a handler for Ctrl-C, unless somebody has set another one, or has it ignored."""
    is_ours = signal.getsignal(signal.SIGINT) in (_leave, signal.default_int_handler)
    if is_ours and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)


def _leave(number: int, frame: Any) -> None:
    os.write(2, b"interrupted\n")  # the streams may be in use
    os._exit(128 + number)


class StopSignals:
    """Turns the signals that ask to stop into ``Interrupted``, at once or when it suits.

    Within the context they raise at once. While ``waiting`` is set they are only noted in
    ``number``, and whoever has set it calls ``stop`` at a moment at which nothing is lost. A second
    Ctrl-C does not wait.
    """

    def __init__(self) -> None:
        self.waiting = False
        self.number = 0
        self._noted = 0.0
        self._stopping = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "StopSignals":
        if threading.current_thread() is threading.main_thread():
            self._before = {n: signal.signal(n, self._receive) for n in (*_STOPS, *_WARNINGS)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def stop(self, number: int) -> None:
        """Ends the run.

        Raises:
            Interrupted: always, unless the cluster's own handler has ended the process.
        """
        self._stopping = True
        self.number = number
        raise Interrupted(number)

    def pass_on(self) -> None:
        """Calls the handler that a cluster's launcher had set for its warning: it requeues."""
        handler: Callable[..., Any] | int | None = self._before.get(self.number)
        if self.number in _WARNINGS and callable(handler):
            handler(self.number, None)

    def _receive(self, number: int, frame: Any) -> None:
        now = time.monotonic()
        impatient = number == signal.SIGINT == self.number
        if impatient and now - self._noted > _SECONDS_BETWEEN_KEYS:
            raise KeyboardInterrupt
        if self._stopping or self.number:
            return
        self.number, self._noted = number, now
        if not self.waiting:
            self.stop(number)

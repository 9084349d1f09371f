"""Signals that ask a run to stop: SIGTERM, Ctrl-C, and a cluster's warning before its limit."""

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from sr_experiments.errors import Interrupted

_WARNINGS = (signal.SIGUSR1, signal.SIGUSR2)
_STOPS = (signal.SIGTERM, signal.SIGINT)
_SECONDS_BETWEEN_KEYS = 1.0  # torchrun passes on a Ctrl-C that its children have got already


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

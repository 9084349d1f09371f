import os
import signal
from collections.abc import Iterator

import pytest

from sr_experiments.errors import Interrupted
from sr_experiments.signals import StopSignals


@pytest.fixture(autouse=True)
def _handlers_stay() -> Iterator[None]:
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2)}
    yield
    for number, handler in before.items():
        assert signal.getsignal(number) == handler


def test_at_once_where_nobody_waits() -> None:
    with pytest.raises(Interrupted, match="stopped by SIGTERM") as stop, StopSignals():
        os.kill(os.getpid(), signal.SIGTERM)
    assert stop.value.number == signal.SIGTERM


def test_only_noted_where_somebody_does() -> None:
    with StopSignals() as signals:
        signals.waiting = True
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)  # as from torchrun and from the sweep
        assert signals.number == signal.SIGTERM


def test_a_second_ctrl_c_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 10.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    with StopSignals() as signals:
        signals.waiting = True
        os.kill(os.getpid(), signal.SIGINT)
        now = 10.5
        os.kill(os.getpid(), signal.SIGINT)  # the same key, passed on by torchrun
        now = 12.0
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(("number", "calls"), [(signal.SIGUSR2, 1), (signal.SIGTERM, 0)])
def test_the_clusters_own_handler_requeues_once_the_state_is_saved(number: int, calls: int) -> None:
    events: list[str] = []
    before = signal.signal(number, lambda *_: events.append("requeued"))
    try:
        with StopSignals() as signals:
            signals.waiting = True
            os.kill(os.getpid(), number)
            with pytest.raises(Interrupted):
                signals.stop(signals.number)
            events.append("saved")
            signals.pass_on()
    finally:
        signal.signal(number, before)
    assert events == ["saved", *["requeued"] * calls]

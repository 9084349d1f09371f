"""Processes that work for another one."""

import multiprocessing
import socket
import sys
import time
from multiprocessing import resource_sharer

import pytest

from sr_experiments.worker import loader_worker

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")


def _desert() -> None:
    """A worker hands over a tensor, whose receiver is gone amid the first words."""
    loader_worker()(0)
    address, _ = resource_sharer.DupFd(0)._id
    with socket.socket(socket.AF_UNIX) as receiver:
        receiver.connect(address)
    time.sleep(0.5)  # in which the thread that hands over finds out


def _fail() -> None:
    loader_worker()(0)
    sys.excepthook(ValueError, ValueError("of its own"), None)


@pytest.mark.parametrize(("work", "said"), [(_desert, ""), (_fail, "ValueError: of its own")])
def test_a_worker_whose_receiver_has_gone_has_nothing_to_say(work, said: str, capfd) -> None:
    process = multiprocessing.get_context("spawn").Process(target=work)
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert capfd.readouterr().err.strip() == said

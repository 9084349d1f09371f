"""Processes of one group (gloo), started without the seconds that imports take."""

import multiprocessing
import os
import socket
from collections.abc import Callable
from typing import Any

import torch

from tests.commands import CONTEXT


def run_ranks(function: Callable[..., None], *arguments: Any, ranks: int = 2) -> None:
    """Calls ``function(rank, *arguments)`` in as many processes.

    The environment is that of a launcher: neither torch nor Lightning needs an address.

    Raises:
        AssertionError: it failed in one of them.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    method = multiprocessing.get_start_method()
    given = [(function, rank, ranks, port, arguments, method) for rank in range(ranks)]
    processes: list[Any] = [CONTEXT.Process(target=_rank, args=each) for each in given]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
    assert codes == [0] * ranks, f"exit statuses {codes}"


def _rank(
    function: Callable[..., None],
    rank: int,
    ranks: int,
    port: int,
    arguments: tuple[Any, ...],
    method: str,
) -> None:
    multiprocessing.set_start_method(method, force=True)
    os.environ.update(
        LOCAL_RANK=str(rank),
        RANK=str(rank),
        WORLD_SIZE=str(ranks),
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
    )
    torch.set_num_threads(1)
    function(rank, *arguments)

"""Where image stores live while a network trains."""

from pathlib import Path
from typing import Any

import pytest
import torch

from sr_experiments.data.store.residency import choose


@pytest.mark.parametrize(
    ("workers", "memory", "expected"),
    [
        (0, 10**9, "device"),
        (2, 10**9, "host"),
        (2, 10, "disk"),
    ],
)
def test_workers_cannot_read_the_accelerator(
    workers: int, memory: int, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "store").write_bytes(b"0" * 1000)
    store: Any = type("Store", (), {"path": tmp_path / "store"})()
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (10**9, 10**9))
    monkeypatch.setattr("sr_experiments.data.store.residency.available_memory", lambda: memory)
    found, said = choose("auto", [store], torch.device("cuda"), workers=workers)
    assert found == expected
    assert f"residency={expected}" in said

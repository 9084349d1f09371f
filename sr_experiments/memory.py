"""How much memory there is, and how much a computation takes, as measured."""

import ctypes
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch

from sr_experiments.errors import ConfigError

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_STATUS = Path("/proc/self/status")


def parse_memory(text: str) -> int:
    """Bytes of "2GB", "500 MB" or "1.5GiB".

    Raises:
        ConfigError: it is no positive number with a unit.
    """
    found = re.fullmatch(r"([\d.]+)\s*([KMGT]?)(i?)B?", text.strip(), re.IGNORECASE)
    try:
        assert found
        number = float(found.group(1)) * _UNITS[found.group(2).upper()]
        number *= (1.024 ** "KMGT".find(found.group(2).upper())) * 1.024 if found.group(3) else 1
        assert number >= 1
        return int(number)
    except (AssertionError, ValueError):
        raise ConfigError(f"memory: expected an amount as 2GB or 800MB, got {text!r}") from None


def used_memory(device: torch.device) -> int:
    """Bytes that this process holds; on an accelerator those of its tensors there."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    return _status("VmRSS")


def free_memory(device: torch.device) -> int:
    """Bytes that could be taken besides; 0 where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return available_memory()


def available_memory() -> int:
    """Bytes that can be allocated without swapping; 0 if the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("MemAvailable"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0


def peak_memory(run: Callable[[], object], device: torch.device) -> int | None:
    """Bytes that a computation takes at most beside those held before it.

    Args:
        run: the computation.
        device: where its tensors are.

    Returns:
        None where the system does not tell.
    """
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        run()
        return torch.cuda.max_memory_allocated(device) - before
    _give_back()
    try:
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak
        before = _status("VmRSS")
    except OSError:
        return None
    run()
    return max(0, _status("VmHWM") - before) if before else None


def _give_back() -> None:
    """Returns what was freed to the system, or the next peak would hide in it."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _status(key: str) -> int:
    with suppress(OSError):
        found = re.search(rf"{key}:\s+(\d+) kB", _STATUS.read_text())
        return int(found.group(1)) * 1024 if found else 0
    return 0

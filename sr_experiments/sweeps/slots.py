"""Which processes run at the same time, and on which GPUs."""

import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from sr_experiments.errors import ConfigError

Kind = Literal["gpu", "cpu"]

# The same for every process of a machine, whatever TMPDIR says (Linux).
_SHARED = Path("/dev/shm")


def processors() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gpus() -> list[str]:
    """Names of the GPUs that this process may use, without loading CUDA."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1")]
    command = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return found.stdout.split() if found.returncode == 0 else []


def required_slots(device: dict[str, Any], gpu_count: int) -> tuple[Kind, int]:
    """What kind of slot, and how many of them, a ``device`` configuration asks for.

    Raises:
        ConfigError: it names devices or several machines, which a sweep on one machine cannot
            hand out.
    """
    accelerator, devices = device.get("accelerator"), device.get("devices")
    if device.get("num_nodes", 1) != 1:
        raise ConfigError(
            f"device.num_nodes={device['num_nodes']}: a sweep on one machine has one node; use "
            "hydra/launcher=slurm"
        )
    on_gpu = accelerator in ("gpu", "cuda", "mps") or (accelerator == "auto" and gpu_count > 0)
    if devices in (-1, "-1", "auto"):
        return ("gpu", max(gpu_count, 1)) if on_gpu else ("cpu", 1)
    if isinstance(devices, bool) or not isinstance(devices, int) or devices < 1:
        raise ConfigError(
            f"device.devices={devices}: in a sweep, give how many devices a job needs (or -1 for "
            "all); which ones is decided when they are free"
        )
    return ("gpu" if on_gpu else "cpu"), devices


class DeviceLocks:
    """Keeps two sweeps from putting jobs onto one GPU; a lock ends with its process at the latest.

    Args:
        devices: names of the GPUs, as in ``CUDA_VISIBLE_DEVICES``.
    """

    def __init__(self, devices: Sequence[str]) -> None:
        place = _SHARED if os.access(_SHARED, os.W_OK) else Path(tempfile.gettempdir())
        folder = place / "sr_experiments_devices"
        with suppress(OSError):  # it belongs to another user, or cannot be made
            folder.mkdir(exist_ok=True)
            folder.chmod(0o777)
        ids = _identities() if any(name.isdecimal() for name in devices) else {}
        self.locks = {}
        for name in devices:
            file = re.sub(r"\W", "-", ids.get(name, name))
            self.locks[name] = FileLock(folder / f"{file}.lock", mode=0o666)

    def acquire(self, device: str) -> bool:
        """Whether this sweep has the device now."""
        try:
            self.locks[device].acquire(blocking=False)
        except Timeout:
            return False
        except (OSError, NotImplementedError):
            pass  # a place that cannot be locked
        return True

    def release(self, device: str) -> None:
        """Leaves the device to others."""
        self.locks[device].release(force=True)


class Slots:
    """Devices, each with room for one or more processes.

    Args:
        devices: names of the devices.
        processes: processes at a time, spread over the devices evenly. A job that needs more has
            the devices for itself.
        locks: what keeps devices from being used by other sweeps; None: they are shared.
    """

    def __init__(
        self, devices: Sequence[str], processes: int, locks: DeviceLocks | None = None
    ) -> None:
        self.size = processes
        self.devices = devices
        self.locks = locks
        self.room = -(-processes // len(devices))
        self.used: Counter[str] = Counter()

    def acquire(self, processes: int) -> list[str] | None:
        """Devices for so many processes, each on another one, or None while they are not free.

        What asks for more than there is gets everything.
        """
        wanted, busy = min(processes, len(self.devices)), self.used.total()
        if busy and busy + wanted > self.size:
            return None
        chosen: list[str] = []
        # The emptiest devices first; sorting keeps the given order among equals.
        for device in sorted(self.devices, key=lambda device: self.used[device]):
            if len(chosen) < wanted and self._has_room(device):
                chosen.append(device)
                self.used[device] += 1
        if len(chosen) < wanted:
            self.release(chosen)
            return None
        return chosen

    def _has_room(self, device: str) -> bool:
        if self.used[device] or not self.locks:
            return self.used[device] < self.room
        return self.locks.acquire(device)

    def release(self, devices: Sequence[str]) -> None:
        """Frees what was taken."""
        self.used.subtract(devices)
        for device in devices:
            if self.locks and not self.used[device]:
                self.locks.release(device)


def _identities() -> dict[str, str]:
    """The GPUs' lasting names by their numbers, which differ between containers."""
    command = ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.split(", ", 1) for line in found.stdout.splitlines() if ", " in line)

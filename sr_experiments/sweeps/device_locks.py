"""Which sweep of this machine uses which GPU."""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout


class DeviceLocks:
    """Keeps two sweeps from putting jobs onto one GPU; a lock ends with its process at the latest.

    Args:
        devices: names of the GPUs, as in ``CUDA_VISIBLE_DEVICES``.
    """

    def __init__(self, devices: Sequence[str]) -> None:
        folder = Path(tempfile.gettempdir(), "sr_experiments_devices")
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


def _identities() -> dict[str, str]:
    """The GPUs' lasting names by their numbers, which differ between containers."""
    command = ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.split(", ", 1) for line in found.stdout.splitlines() if ", " in line)

"""Where image stores live while a network trains."""

from collections.abc import Sequence
from typing import Literal

import torch

from sr_experiments.data.store.file import ImageStore
from sr_experiments.data.store.reader import Residency
from sr_experiments.memory import available_memory, free_memory

ResidencyOption = Literal["disk", "host", "device", "auto", "stream"]


def choose(
    option: Residency | Literal["auto"],
    stores: Sequence[ImageStore],
    device: torch.device,
    processes: int = 1,
    workers: int = 0,
) -> tuple[Residency, str]:
    """Chooses where images live, and says it in a sentence.

    ``auto`` takes the accelerator's memory if half of what is free there suffices and no loader
    ``workers``, which cannot read it, were asked for; or else the host's by the same rule for all
    processes together; or else the disk.

    Args:
        option: the choice of ``data.residency``.
        stores: the stores that are read.
        device: the accelerator.
        processes: processes on this machine that read them.
        workers: loader processes of each.
    """
    size = sum(store.path.stat().st_size for store in set(stores))
    about = f"{size / 1e9:.2f} GB of images"
    if option != "auto":
        return option, f"{about}: {_PLACES[option]}"
    # Inputs and targets are joined into one tensor each, which takes the double for a moment.
    on_device = device.type == "cuda" and not workers
    if on_device and 2 * size <= (free := free_memory(device)) // 2:
        return "device", f"{about}, {free / 1e9:.1f} GB free on {device}: {_PLACES['device']}"
    free = available_memory()
    chosen: Residency = "host" if size * processes <= free // 2 else "disk"
    return chosen, f"{about}, {free / 1e9:.1f} GB of memory free: {_PLACES[chosen]}"


_PLACES = {
    "disk": "read from disk (residency=disk)",
    "host": "kept in memory (residency=host)",
    "device": "kept on the accelerator (residency=device)",
}

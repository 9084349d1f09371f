"""The command that uploads what runs have logged offline."""

import shlex
from pathlib import Path

#: Offline W&B runs, as seen from a run folder or from the folder of a sweep.
_PLACES = ("wandb/offline-run-*", "*/wandb/offline-run-*")


def sync_command(folder: Path) -> str | None:
    """The command for a run folder, or for all runs of a sweep; None where nothing is offline."""
    for place in _PLACES:
        if any(folder.glob(place)):
            return f"wandb sync {shlex.quote(str(folder))}/{place}"
    return None

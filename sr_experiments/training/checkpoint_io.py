"""Writes checkpoints whole or not at all, and lets a run outlive a full disk."""

import io
import os
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import TorchCheckpointIO
from lightning_fabric.utilities.types import _PATH

from sr_experiments.files import whole_file
from sr_experiments.runs.checkpoints import keep_generation


class WholeCheckpointIO(TorchCheckpointIO):
    """Beside its target under a temporary name, then to the disk, then renamed.

    A checkpoint that cannot be written leaves the earlier ones intact and is said; training goes
    on. ``error`` is why the newest one could not be written, None where it was.
    """

    error: OSError | None = None

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: _PATH, storage_options: Any = None
    ) -> None:
        """Writes a checkpoint; under the name ``last.ckpt``, the one before it is kept."""
        content = io.BytesIO()  # torch hides an error of the disk behind its own
        torch.save(checkpoint, content)
        target = Path(path)
        try:
            with whole_file(target) as file:
                file.write(content.getbuffer())
                file.flush()
                os.fsync(file.fileno())
                keep_generation(target)
        except OSError as error:
            self.error = error
            print(
                f"warning: cannot write {target} ({error.strerror}); what was saved before is "
                "intact, and training goes on; make space to have it saved again",
                flush=True,
            )
        else:
            self.error = None

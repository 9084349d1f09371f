"""Corrects Lightning's counters in checkpoints that are saved where it would not save."""

from typing import Any


def as_before_the_batch(loops: dict[str, Any], loader_states: Any) -> None:
    """Takes back a batch that was begun and not trained on, so that it comes again.

    Args:
        loops: the state of the fit loop in a checkpoint, changed in place.
        loader_states: what the training loaders said after the newest step; None where an epoch
            begins.
    """
    progress = loops["epoch_loop.batch_progress"]
    if progress["total"]["ready"] != progress["total"]["processed"]:
        for counts in (progress["total"], progress["current"]):
            counts["ready"] = counts["started"] = counts["processed"] = counts["completed"]
        progress["is_last_batch"] = False
    loops["state_dict"].pop("combined_loader", None)
    if loader_states:
        loops["state_dict"]["combined_loader"] = loader_states


def as_before_scoring(loops: dict[str, Any]) -> None:
    """Has the val sets scored from their first image when the run is continued.

    Args:
        loops: the state of the fit loop in a checkpoint, changed in place.
    """
    progress = loops["epoch_loop.val_loop.batch_progress"]
    nothing = dict.fromkeys(("ready", "started", "processed", "completed"), 0)
    # One image begun, none done: what Lightning takes for a scoring that was cut off.
    progress["total"] = nothing | {"ready": 1, "started": 1}
    progress["current"] = dict(nothing)
    progress["is_last_batch"] = False

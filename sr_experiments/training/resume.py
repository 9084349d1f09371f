"""What a checkpoint needs beyond Lightning's own, so that a run goes on bit for bit.

Lightning restores weights, optimizers and schedules. It continues rightly from a checkpoint that
was saved at the end of a batch in mid-epoch or after an epoch's validation; elsewhere its counters
stand between two states, and a resumed run leaves out a validation or trains a batch too many.
``settle`` moves them to one of the states that it does continue from. The loader carries its own
position.
"""

import random
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch


def random_state(device: torch.device) -> dict[str, Any]:
    """The state of all global generators, in plain types and tensors.

    All processes are seeded alike and draw alike, so that one's state is everyone's.
    """
    _, keys, *rest = np.random.get_state(legacy=True)
    state = {
        "torch": torch.get_rng_state(),
        "python": random.getstate(),
        "numpy": [torch.from_numpy(np.asarray(keys, np.int64)), *rest],
    }
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def restore_random_state(state: dict[str, Any], device: torch.device) -> None:
    """Takes over the state of all global generators."""
    version, keys, gauss = state["python"]
    random.setstate((version, tuple(keys), gauss))
    keys, *rest = state["numpy"]
    np.random.set_state(("MT19937", keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)


def settle(loop: dict[str, Any], steps: int, trainer: pl.Trainer) -> None:
    """Makes the counters of a fit loop those of a run that stands between two batches.

    Args:
        loop: the stored state of Lightning's fit loop, changed in place.
        steps: optimizer steps so far.
        trainer: the run that goes on.
    """
    batch, epoch = loop["epoch_loop.batch_progress"], loop["epoch_progress"]
    validation = loop["epoch_loop.val_loop.batch_progress"]
    here, done = epoch["current"]["started"] - 1, batch["current"]["processed"]
    ended = batch["is_last_batch"] and done == batch["current"]["ready"]
    past = ended and (not _validates(trainer, here) or epoch["current"]["processed"] > here)
    scored = validation["total"]["processed"] > 0 and validation["is_last_batch"]
    scored &= len(set(validation["current"].values())) == 1
    between = past or done == 0
    for kind in ("total", "current"):
        _set(batch[kind], batch[kind]["processed"])
        started = epoch[kind]["started"]
        _set(epoch[kind], started - (not past))
        if not between:  # where a limit of the run ends an epoch early, it goes on
            epoch[kind].update(ready=started, started=started)
    if between:
        _begin_epoch(loop)
    elif ended and not scored:
        # Lightning validates anew where a validation was begun.
        _set(validation["current"], 0)
        validation["total"].update(ready=1, started=1, processed=0, completed=0)
    batch["is_last_batch"] = ended and not past
    # Loggers' steps: a validation is logged with the step before it. Lightning counts that step
    # once it has skipped a validation, by mistake also one that it sees before the first batch.
    mistaken = between and trainer.max_steps != -1 and _validates(trainer, here + past)
    uncounted = mistaken or batch["is_last_batch"]
    loop["epoch_loop.state_dict"]["_batches_that_stepped"] = steps - uncounted
    for loader in loop["state_dict"].get("combined_loader", []):
        loader["batch"] = 0 if ended else done


def _validates(trainer: pl.Trainer, epoch: int) -> bool:
    every = trainer.check_val_every_n_epoch
    return trainer.enable_validation and (every is None or (epoch + 1) % every == 0)


def _begin_epoch(loop: dict[str, Any]) -> None:
    optimizer = loop["epoch_loop.automatic_optimization.optim_progress"]["optimizer"]
    progress = [loop[f"epoch_loop.{name}"] for name in ("batch_progress", "scheduler_progress")]
    for counters in [*progress, *optimizer.values()]:
        _set(counters["current"], 0)
    _set(loop["epoch_loop.val_loop.batch_progress"]["total"], 0)


def _set(counters: dict[str, int], value: int) -> None:
    for name in counters:
        counters[name] = value

"""A training step does not wait for the accelerator: on a processor, nothing asks for a number."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from sr_experiments.training.callbacks.guard import TrainingGuard
from sr_experiments.training.callbacks.timing import DataWaitMonitor
from sr_experiments.training.clipping import AdjustableClipping, NormClipping, ValueClipping
from tests.training import gan as tiny
from tests.training.recipes import sgd
from tests.training.test_module import fit, module, network

#: A number that the host reads, and one that it sends.
WAITS = ("aten::_local_scalar_dense", "aten::lift_fresh")


class Waits(TorchDispatchMode):
    """Counts the operations that make the host wait for a device."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if (name := func._schema.name) in WAITS:
            self.seen[name] += 1
        return func(*args, **(kwargs or {}))


class Watch(pl.Callback):
    """Counts from the beginning of the second batch to the end of the fourth."""

    def __init__(self) -> None:
        self.waits = Waits()

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        if trainer.global_step == 1:
            self.waits.__enter__()

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        if trainer.global_step == 4:
            self.waits.__exit__(None, None, None)


@pytest.mark.parametrize("clipping", [AdjustableClipping(1e-4), ValueClipping(0.1)])
def test_no_step_between_two_lines_of_the_log_waits(clipping, tmp_path: Path) -> None:
    watch = Watch()
    callbacks = [watch, TrainingGuard(every=10), DataWaitMonitor()]
    fit(module(network(), clipping), tmp_path, callbacks=callbacks, log_every_n_steps=100)
    assert not watch.waits.seen


def test_what_a_line_of_the_log_holds_is_counted_then(tmp_path: Path) -> None:
    rates = []

    class Look(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
            rates.append(trainer.callback_metrics.get("train/clipped"))

    training = module(network(), NormClipping(1e-9))
    fit(training, tmp_path, callbacks=[Look()], log_every_n_steps=2)
    assert rates[0] is None
    assert rates[1] == 1


def test_a_gan_s_steps_do_not_wait_either() -> None:
    watch = Watch()
    # Adam counts its steps on the processor, on any device.
    training = tiny.module(AdjustableClipping(1e-4), partial(sgd, lr=1e-3))
    tiny.fit(training, 6, callbacks=[watch], log_every_n_steps=100)
    assert not watch.waits.seen


def test_the_counter_counts() -> None:
    with (waits := Waits()):
        torch.tensor(1.0).item()
    assert waits.seen == dict.fromkeys(WAITS, 1)

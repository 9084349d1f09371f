"""``python -m sr_experiments.cli.step_time OVERRIDE ...``: what a training step costs here.

Builds what ``train.py`` would, trains for a moment, and writes nothing but the answer: one line of
JSON on stdout, with ``steps_per_epoch``, ``seconds`` and ``multiply_adds`` of a step, and the cores
that ``others`` kept busy meanwhile.
"""

import json
import os
import statistics
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from omegaconf import DictConfig
from pytorch_lightning.utilities import rank_zero_only
from torch.utils.flop_counter import FlopCounterMode

from sr_experiments.cli.app import run_app
from sr_experiments.cli.build import build_data, build_module, build_network, build_trainer
from sr_experiments.cli.config.instantiate import resolve_config
from sr_experiments.cli.devices import plan_batches
from sr_experiments.cli.fast import choose_path
from sr_experiments.training.callbacks.ending import between_steps

# Steps that are timed, after two that warm up; fewer where they take long.
_STEPS, _WARMUP, _FEWEST, _SECONDS = 20, 2, 3, 60.0


def main() -> None:
    """The command."""
    run_app("train", step_time)


def step_time(composed: DictConfig) -> float:
    """Measures a step of this configuration and prints the answer; its seconds."""
    config = resolve_config(composed)
    short = {"max_steps": _WARMUP + _STEPS, "limit_val_batches": 0}
    config = {**config, "trainer": {**config["trainer"], **short}}
    pl.seed_everything(config["seed"], workers=True, verbose=False)
    network, plan = build_network(config), plan_batches(config)
    data = build_data(config, network, plan)
    path = choose_path(config, network, plan)
    module = build_module(config, network, {}, plan, path)
    stopwatch = Stopwatch()
    trainer = build_trainer(config, module, plan, [stopwatch], path)
    trainer.fit(module, datamodule=data)
    each = trainer.num_training_batches // plan.accumulate
    answer = {**stopwatch.answer(), "steps_per_epoch": each}
    rank_zero_only(print)(json.dumps(answer), flush=True)
    return float(answer["seconds"])


class Stopwatch(pl.Callback):
    """Times optimizer steps, and counts the multiply-adds of the first one, loss included."""

    def __init__(self) -> None:
        self.counter: Any = FlopCounterMode(display=False)
        self.ends: list[float] = []
        self.busy_before = self.busy_after = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begins to count."""
        self.counter.__enter__()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any, **__: Any
    ) -> None:
        """A step has ended, unless further batches belong to it."""
        if not between_steps(trainer, pl_module):
            return
        if not self.ends:
            self.counter.__exit__(None, None, None)
        self.ends.append(time.perf_counter())
        if len(self.ends) == _WARMUP:
            self.busy_before = _seconds_of_others()
        elif len(self.ends) >= _WARMUP + _FEWEST and self.ends[-1] > self.ends[0] + _SECONDS:
            trainer.fit_loop.epoch_loop.max_steps = trainer.global_step

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Looks what else the machine has done."""
        self.busy_after = _seconds_of_others()

    def answer(self) -> dict[str, Any]:
        """What was measured."""
        timed = self.ends[_WARMUP - 1 :]
        return {
            "seconds": statistics.median(b - a for a, b in pairwise(timed)),
            "multiply_adds": self.counter.get_total_flops() // 2,
            "others": round((self.busy_after - self.busy_before) / (timed[-1] - timed[0]), 2),
        }


def _seconds_of_others() -> float:
    """Processor seconds that were not this process's since the machine was started.

    0 where the system does not tell.
    """
    try:
        total = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
        user, nice, system = map(float, total.split()[1:4])
    except (OSError, ValueError):
        return 0.0
    return (user + nice + system) / os.sysconf("SC_CLK_TCK") - time.process_time()


if __name__ == "__main__":
    main()

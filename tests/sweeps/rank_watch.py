"""A callback for tests: fails on one rank if told to, and keeps what each rank has learnt."""

import os
import signal
from pathlib import Path

import pytorch_lightning as pl
import torch


class RankWatch(pl.Callback):
    """Writes ``weights-<rank>.pt`` and ``lr-<rank>`` at the end of training."""

    def __init__(self, fails: int = -1, setup_fails: int = -1) -> None:
        self.fails = fails
        self.setup_fails = setup_fails

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        if trainer.global_rank == self.setup_fails:
            raise RuntimeError(f"rank {self.setup_fails} fails before training")

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *args: object
    ) -> None:
        if trainer.global_rank == self.fails and trainer.global_step == 1:
            raise RuntimeError(f"rank {self.fails} fails while training")

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        rank, folder = trainer.global_rank, Path(trainer.default_root_dir)
        torch.save(pl_module.state_dict(), folder / f"weights-{rank}.pt")
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        (folder / f"lr-{rank}").write_text(f"{rate} {trainer.world_size}")


class ScoredWeights(pl.Callback):
    """Writes ``scored-<rank>.pt``: the weights and buffers that were tested."""

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        folder = Path(trainer.default_root_dir)
        torch.save(pl_module.state_dict(), folder / f"scored-{trainer.global_rank}.pt")


class KillRank(pl.Callback):
    """Kills one of several processes after its first step."""

    def __init__(self, rank: int) -> None:
        self.rank = rank

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *args: object
    ) -> None:
        if trainer.global_rank == self.rank:
            os.kill(os.getpid(), signal.SIGKILL)


class KillOnce(pl.Callback):
    """Kills the process at the end of an epoch's training, the first time."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *args: object
    ) -> None:
        mark = Path(trainer.default_root_dir, "killed")
        if trainer.current_epoch == self.epoch and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


class SignalOnce(pl.Callback):
    """Sends a signal to one rank in its third step, the first time."""

    def __init__(self, rank: int, number: int) -> None:
        self.rank, self.number = rank, number

    def on_train_batch_start(self, trainer: pl.Trainer, *args: object) -> None:
        mark = Path(trainer.default_root_dir, "signalled")
        if trainer.global_rank == self.rank and trainer.global_step == 2 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), self.number)

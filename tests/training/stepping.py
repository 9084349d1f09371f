"""A tiny module whose score is its weights' sum, for the tests of this folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Timer
from torch import Tensor
from torch.utils.data import DataLoader

from sr_experiments.signals import StopSignals
from sr_experiments.training.callbacks.checkpoints import BestCheckpoint, LastCheckpoint
from sr_experiments.training.callbacks.ending import Ending
from sr_experiments.training.checkpoint_io import WholeCheckpointIO
from sr_experiments.training.resume import settle

Event = Callable[[pl.Trainer], None]


class Stepping(pl.LightningModule):
    """Every step moves the weights; ``at`` holds what happens in steps and scorings, by number."""

    def __init__(self, at: dict[int, Event] | None = None, scoring: Event | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(2, 1)
        self.at, self.scoring = at or {}, scoring
        self.scores: list[tuple[int, float]] = []

    def training_step(self, batch: Tensor, index: int) -> Tensor:
        if event := self.at.get(self.trainer.global_step):
            event(self.trainer)
        loss: Tensor = (self.layer(batch) - 1.0).square().mean()
        return loss

    def validation_step(self, batch: Tensor, index: int) -> None:
        if self.scoring and index == 1 and not self.trainer.sanity_checking:
            self.scoring(self.trainer)
        self.score = self.total()

    def on_validation_epoch_end(self) -> None:
        if not self.trainer.sanity_checking:
            self.scores.append((self.trainer.global_step, self.score))
            self.log("val/psnr", self.score)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        settle(checkpoint["loops"]["fit_loop"], checkpoint["global_step"], self.trainer)

    def total(self) -> float:
        return sum(p.sum().item() for p in self.parameters())

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), 0.05)


def saved_total(path: Path) -> float:
    state = torch.load(path, weights_only=True)["state_dict"]
    return sum(value.sum().item() for value in state.values())


def fit(
    module: pl.LightningModule,
    folder: Path,
    *callbacks: pl.Callback,
    ckpt_path: Path | None = None,
    every_minutes: float = 10.0,
    signals: StopSignals | None = None,
    data: Any = None,
    **options: Any,
) -> pl.Trainer:
    """Trains five batches an epoch; scored every 100 epochs if nothing else is asked for."""
    torch.manual_seed(1)
    arguments = {"max_epochs": 3, "check_val_every_n_epoch": 100, "num_sanity_val_steps": 0}
    best = BestCheckpoint(folder, "best", "val/psnr", mode="max", save_on_train_epoch_end=False)
    last = LastCheckpoint(str(folder), every_minutes)
    with signals or StopSignals() as stop:
        trainer = pl.Trainer(
            **(arguments | options),
            accelerator="cpu",
            logger=False,
            plugins=[WholeCheckpointIO()],
            callbacks=[*callbacks, best, last, Ending(stop)],
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer._signal_connector.register_signal_handlers = lambda: None  # type: ignore
        if not isinstance(data, DataLoader):
            data = DataLoader(torch.randn(5, 2) if data is None else data, batch_size=1)
        trainer.fit(
            module, data, DataLoader(torch.ones(3, 2)), ckpt_path=ckpt_path, weights_only=True
        )
    return trainer


def timer(steps: int) -> Timer:
    """Ends training after so many steps, as ``max_time`` does."""

    class Steps(Timer):
        def time_elapsed(self, stage: Any = None) -> float:
            return float(self.taken)

        def on_train_batch_end(self, *args: Any, **kwargs: Any) -> None:
            self.taken += 1
            super().on_train_batch_end(*args, **kwargs)

        def load_state_dict(self, state_dict: dict[str, Any]) -> None:
            self.taken = int(state_dict["time_elapsed"]["train"])

    made = Steps(duration={"seconds": steps})
    made.taken = 0
    return made

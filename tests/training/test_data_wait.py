from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import Dataset

from sr_experiments.data.loader import TimedLoader
from sr_experiments.errors import ImageError
from sr_experiments.training.callbacks.timing import DataWaitMonitor


class TrainingTimer:
    """Time that passes only where the test says so."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now


CLOCK = TrainingTimer()


class Slow(Dataset[Tensor]):
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> Tensor:
        CLOCK.now += self.seconds
        return torch.ones(1)


class Step(pl.LightningModule):
    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.seconds = seconds

    def training_step(self, batch: Tensor, index: int) -> Tensor:
        CLOCK.now += self.seconds
        loss: Tensor = self.layer(batch).sum()
        return loss

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), 0.0)


@pytest.mark.parametrize(("data", "step"), [(0.03, 0.01), (0.0, 0.03)])
def test_the_share_is_that_of_the_loader(
    monkeypatch: pytest.MonkeyPatch, data: float, step: float
) -> None:
    for module in ("sr_experiments.data.loader", "sr_experiments.training.callbacks.timing"):
        monkeypatch.setattr(f"{module}.time", CLOCK)
    trainer = pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=100,
        callbacks=[DataWaitMonitor()],
    )
    trainer.fit(Step(step), TimedLoader(Slow(data), 0, batch_size=None))
    share = float(trainer.callback_metrics["train/data_wait"])
    assert share == pytest.approx(data / (data + step), abs=1e-6)


def test_nothing_is_logged_between_epochs() -> None:
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=0,
        callbacks=[DataWaitMonitor()],
    )
    trainer.fit(Step(0.0), TimedLoader(Slow(0.0), 0, batch_size=None))
    assert "train/data_wait" in trainer.callback_metrics


class Failing(Slow):
    def __getitem__(self, index: int) -> Tensor:
        raise ImageError("a.png: broken\nsecond line")


@pytest.mark.parametrize("workers", [0, 1])
def test_mistakes_come_without_a_workers_traceback(workers: int) -> None:
    with pytest.raises(ImageError) as caught:
        next(iter(TimedLoader(Failing(0.0), workers, batch_size=None)))
    assert str(caught.value) == "a.png: broken\nsecond line"

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.loggers import CSVLogger
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from sr_experiments.data.loader import TimedLoader
from sr_experiments.training.callbacks.timing import DataWaitMonitor, TrainingTimer


class Time:
    """Time that passes only where the test says so."""

    now = 100.0

    def perf_counter(self) -> float:
        return self.now


class Step(pl.LightningModule):
    """A step takes 2 seconds, a validation 50."""

    def __init__(self, time: Time) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.time = time

    def training_step(self, batch: Tensor, index: int) -> Tensor:
        self.time.now += 2.0
        loss: Tensor = self.layer(batch).sum()
        return loss

    def validation_step(self, batch: Tensor, index: int) -> None:
        self.time.now += 50.0
        self.log("val/psnr", 1.0)

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), 0.0)


def fit(folder: Path, epochs: int, checkpoint: Path | None = None) -> list[float]:
    """Seconds that were logged with each validation, of three steps per epoch."""
    time = Time()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sr_experiments.training.callbacks.timing.time", time)
        logger = CSVLogger(folder, name="", version="")
        saving = ModelCheckpoint(dirpath=folder, filename="last", enable_version_counter=False)
        trainer = pl.Trainer(
            max_epochs=epochs,
            accelerator="cpu",
            logger=logger,
            callbacks=[TrainingTimer(), saving],
            enable_progress_bar=False,
            enable_model_summary=False,
            log_every_n_steps=1,
        )
        batches = DataLoader(torch.ones(3, 1), batch_size=1)
        trainer.fit(Step(time), batches, batches, ckpt_path=checkpoint, weights_only=True)
    rows = [dict(zip(text[0], row, strict=True)) for text in [_table(folder)] for row in text[1:]]
    return [float(row["train/seconds"]) for row in rows if row["val/psnr"]]


def _table(folder: Path) -> list[list[str]]:
    return [line.split(",") for line in (folder / "metrics.csv").read_text().splitlines()]


def test_training_counts_and_scoring_does_not(tmp_path: Path):
    assert fit(tmp_path, epochs=2) == [6.0, 12.0]


def test_a_continued_run_goes_on_counting(tmp_path: Path):
    fit(tmp_path / "first", epochs=2)
    more = fit(tmp_path / "second", epochs=4, checkpoint=tmp_path / "first" / "last.ckpt")
    assert more == [18.0, 24.0]


TIME = Time()


class Slow(Dataset[Tensor]):
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> Tensor:
        TIME.now += self.seconds
        return torch.ones(1)


class Quick(pl.LightningModule):
    """A step takes so many seconds, and there is no validation."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.seconds = seconds

    def training_step(self, batch: Tensor, index: int) -> Tensor:
        TIME.now += self.seconds
        loss: Tensor = self.layer(batch).sum()
        return loss

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), 0.0)


@pytest.mark.parametrize(("data", "step"), [(0.03, 0.01), (0.0, 0.03)])
def test_the_share_is_that_of_the_loader(
    monkeypatch: pytest.MonkeyPatch, data: float, step: float
) -> None:
    for module in ("sr_experiments.data.loader", "sr_experiments.training.callbacks.timing"):
        monkeypatch.setattr(f"{module}.time", TIME)
    trainer = pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=4,
        callbacks=[DataWaitMonitor()],
    )
    trainer.fit(Quick(step), TimedLoader(Slow(data), 0, batch_size=None))
    share = float(trainer.callback_metrics["train/data_wait"])
    assert share == pytest.approx(data / (data + step), abs=1e-6)


def test_nothing_is_logged_where_nothing_is_written() -> None:
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
    trainer.fit(Quick(0.0), TimedLoader(Slow(0.0), 0, batch_size=None))
    assert "train/data_wait" not in trainer.callback_metrics

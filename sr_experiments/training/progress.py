"""How far a run is: a live bar on a terminal, plain lines elsewhere."""

import sys
import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Timer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_SECONDS_BETWEEN_LINES = 15.0


class RunProgress(pl.Callback):
    """Steps done, loss, newest PSNR and the time left, for the whole run rather than an epoch."""

    def __init__(self) -> None:
        self.bar: Progress | None = None
        self.started = self.printed = 0.0
        self.done = self.first = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the clock; a continued run counts from where it stood."""
        self.started = self.printed = time.monotonic()
        self.first = self.done = trainer.global_step
        if trainer.is_global_zero and sys.stdout.isatty():
            self.bar = Progress(
                TextColumn("training"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("steps, {task.fields[news]}, left"),
                TimeRemainingColumn(),
            )
            self.bar.add_task("", total=self._total(trainer), completed=self.done, news="")
            self.bar.start()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any, **__: Any
    ) -> None:
        """Moves the bar, or prints a line now and then."""
        self.done = trainer.global_step
        if self.bar:
            now = time.monotonic()
            if now - self.printed > 0.2:
                self.printed = now
                self.bar.update(self.bar.task_ids[0], completed=self.done, news=_news(trainer))
        elif time.monotonic() - self.printed > _SECONDS_BETWEEN_LINES:
            self._line(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Shows the new PSNR."""
        if self.started and not trainer.sanity_checking:
            if self.bar:
                self.bar.update(self.bar.task_ids[0], completed=self.done, news=_news(trainer))
            else:
                self._line(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leaves the bar as it is, and says so where the time was up before the steps."""
        self._stop()
        remaining = _time_remaining(trainer)
        if trainer.is_global_zero and remaining is not None and remaining <= 0:
            done = f"{self.done} of {self._total(trainer)} steps"
            print(f"the time of trainer.max_time is up after {done}", flush=True)

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Gives the terminal back."""
        self._stop()

    def _stop(self) -> None:
        if self.bar:
            self.bar.stop()
            self.bar = None

    def _line(self, trainer: pl.Trainer) -> None:
        if not trainer.is_global_zero:
            return
        self.printed = time.monotonic()
        total, seconds = self._total(trainer), self.printed - self.started
        left = seconds / max(self.done - self.first, 1) * (total - self.done)
        if (remaining := _time_remaining(trainer)) is not None:
            left = max(min(left, remaining), 0)
        print(
            f"step {self.done}/{total}, epoch {trainer.current_epoch + 1}/{trainer.max_epochs}, "
            f"{_news(trainer)}, {_clock(seconds)} gone, {_clock(left)} left",
            flush=True,
        )

    @staticmethod
    def _total(trainer: pl.Trainer) -> int:
        return int(trainer.estimated_stepping_batches)


def _news(trainer: pl.Trainer) -> str:
    metrics = trainer.callback_metrics
    parts = [f"loss {metrics['train/loss']:.4g}"] if "train/loss" in metrics else []
    if "val/psnr" in metrics:
        parts.append(f"PSNR {metrics['val/psnr']:.2f} dB ({metrics['val/gain']:+.2f} over bicubic)")
    return ", ".join(parts)


def _time_remaining(trainer: pl.Trainer) -> float | None:
    """Seconds until ``trainer.max_time``; None without that limit."""
    timers = (c for c in trainer.callbacks if isinstance(c, Timer))  # type: ignore[attr-defined]
    return next((timer.time_remaining() for timer in timers), None)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"

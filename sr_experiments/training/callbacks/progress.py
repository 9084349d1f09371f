"""How far a run is: a live bar on a terminal, plain lines elsewhere."""

import math
import sys
import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Timer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from sr_experiments.terminal import clock

_FIRST_LINES = 15.0  # seconds between two lines at the beginning,
_LINES_PER_TIME = 20  # later a share of the time elapsed,
_RAREST_LINES = 600.0  # and at most these seconds
_SETTLED = (
    10.0  # seconds after which the speed of training is known well enough to foretell its end
)
_LONG, _SHORT = 900.0, 300.0  # seconds of a run that is foretold, and of its short form


class RunProgress(pl.Callback):
    """Steps done, loss, newest PSNR and the time remaining, of the whole run and of each scoring.

    Args:
        short: overrides that make a short run of this one, to offer where it will take long; None:
            fewer steps in each epoch.
        baseline: what the gain in PSNR is measured against.
    """

    def __init__(self, short: str | None = None, baseline: str = "bicubic") -> None:
        self.short, self.baseline = short, baseline
        self.bar: Progress | None = None
        self.started = self.printed = 0.0
        self.done = self.first = self.written = 0
        self.foretold = False
        self.scored = self.images = 0
        self.scoring_since = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the clock; a continued run counts from where it stood."""
        self._start(trainer)
        self.first = self.done = self.written = trainer.global_step

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any, **__: Any
    ) -> None:
        """Moves the bar, or prints a line now and then."""
        self.done = trainer.global_step
        now = time.monotonic()
        if not self.foretold and now - self.started > _SETTLED and self.done - self.first > 2:
            self._foretell(trainer)
        if self.bar:
            if now - self.printed > 0.2:
                self._show_training(trainer)
        elif self._is_due():
            self._line(trainer)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Counts the images."""
        if not trainer.sanity_checking:
            self._start_scoring(trainer, trainer.num_val_batches)

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any, **__: Any
    ) -> None:
        """Shows how many are scored."""
        if not trainer.sanity_checking:
            self._score(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Shows the new PSNR."""
        if trainer.sanity_checking:
            return
        if self.bar:
            self._show_training(trainer)
        elif self._is_due(1 / 3):
            self._line(trainer)
        else:
            self.written = -1  # the end tells it

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leaves the last numbers, and says so where the time was up before the steps."""
        if self.bar:
            self._show_training(trainer)
        elif self.done != self.written:
            self._line(trainer)
        self._stop()
        remaining, total = _time_remaining(trainer), _total(trainer)
        if trainer.is_global_zero and remaining is not None and remaining <= 0:
            done = f"{self.done:,} of {total:,} steps" if total else f"{self.done:,} steps"
            print(
                f"the time of trainer.max_time is up after {done}; trainer.max_time=null trains "
                "to the end",
                flush=True,
            )

    def on_test_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the clock."""
        self._start(trainer)
        self._start_scoring(trainer, trainer.num_test_batches)

    def on_test_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any, **__: Any
    ) -> None:
        """Shows how many images are scored."""
        self._score(trainer)

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Gives the terminal back."""
        self._stop()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Gives the terminal back."""
        self._stop()

    def _start(self, trainer: pl.Trainer) -> None:
        self.started = self.printed = time.monotonic()
        if trainer.is_global_zero and sys.stdout.isatty():
            self.bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[news]}"),
            )
            self.bar.add_task("training", total=None, news="")
            self.bar.start()

    def _stop(self) -> None:
        if self.bar:
            self.bar.stop()
            self.bar = None

    def _show(self, what: str, done: int, total: int | None, news: str) -> None:
        assert self.bar
        self.printed = time.monotonic()
        self.bar.update(
            self.bar.task_ids[0], description=what, completed=done, total=total, news=news
        )

    def _show_training(self, trainer: pl.Trainer) -> None:
        remaining = self._remaining(trainer)
        news = [f"steps, {clock(remaining)} remaining"] if remaining is not None else ["steps"]
        self._show(
            "training", self.done, _total(trainer), ", ".join(news + _news(trainer, self.baseline))
        )

    def _is_due(self, share: float = 1.0) -> bool:
        """Whether the last line is old enough: lines become rarer in long runs."""
        now = time.monotonic()
        gap = min(max(_FIRST_LINES, (now - self.started) / _LINES_PER_TIME), _RAREST_LINES)
        return now - self.printed > gap * share

    def _line(self, trainer: pl.Trainer) -> None:
        self.printed, self.written = time.monotonic(), self.done
        if not trainer.is_global_zero:
            return
        total, remaining, epochs = (
            _total(trainer),
            self._remaining(trainer),
            trainer.max_epochs or 1,
        )
        epoch = f"epoch {min(trainer.current_epoch + 1, epochs)}/{epochs}" if total else ""
        parts = [f"step {self.done}/{total}" if total else f"step {self.done}", epoch]
        parts += [*_news(trainer, self.baseline), f"{clock(self.printed - self.started)} elapsed"]
        parts += [f"{clock(remaining)} remaining"] if remaining is not None else []
        print(", ".join(part for part in parts if part), flush=True)

    def _remaining(self, trainer: pl.Trainer) -> float | None:
        """Seconds until the steps are done or the time is up; None: nobody knows."""
        limits = [] if (left := _time_remaining(trainer)) is None else [left]
        if (total := _total(trainer)) and self.done > self.first:
            each = (time.monotonic() - self.started) / (self.done - self.first)
            limits.append(each * (total - self.done))
        return max(min(limits), 0) if limits else None

    def _foretell(self, trainer: pl.Trainer) -> None:
        """Says once how long the run will take, and how to make it short, if that is long."""
        self.foretold = True
        remaining, total = self._remaining(trainer), _total(trainer)
        if not trainer.is_global_zero or remaining is None or total is None or remaining < _LONG:
            return
        epochs = trainer.max_epochs or 1
        steps = int(total * _SHORT / remaining / epochs)
        short = f"data.steps_per_epoch={steps}" if steps else "trainer.max_time=00:00:05:00"
        text = (
            f"this run of {total:,} steps will take about {clock(remaining)}; "
            f"{self.short or short} makes a short one"
        )
        if self.bar:
            self.bar.console.print(text)
        else:
            print(text, flush=True)

    def _start_scoring(self, trainer: pl.Trainer, batches: list[int | float]) -> None:
        self.scored, self.images = 0, int(sum(batches))
        self.scoring_since = time.monotonic()
        if self.bar:
            self._show("scoring", 0, self.images, "images")

    def _score(self, trainer: pl.Trainer) -> None:
        self.scored += 1
        seconds = time.monotonic() - self.scoring_since
        remaining = f"{clock(seconds / self.scored * (self.images - self.scored))} remaining"
        if self.bar:
            self._show("scoring", self.scored, self.images, f"images, {remaining}")
        elif trainer.is_global_zero and self.scored < self.images and self._is_due():
            self.printed = time.monotonic()
            elapsed = f"{clock(seconds)} elapsed"
            print(f"scored {self.scored}/{self.images} images, {elapsed}, {remaining}", flush=True)


def _news(trainer: pl.Trainer, baseline: str) -> list[str]:
    metrics = trainer.callback_metrics
    parts = [f"loss {metrics['train/loss']:.4g}"] if "train/loss" in metrics else []
    if "val/psnr" in metrics:
        psnr, gain = metrics["val/psnr"].item(), metrics["val/gain"].item()
        known = f"PSNR {psnr:.2f} dB ({gain:+.2f} over {baseline})"
        parts.append("no PSNR, the output is NaN" if math.isnan(psnr) else known)
    return parts


def _total(trainer: pl.Trainer) -> int | None:
    """Steps of the whole run; None where only the time limits it."""
    steps = trainer.estimated_stepping_batches
    return int(steps) if math.isfinite(steps) else None


def _time_remaining(trainer: pl.Trainer) -> float | None:
    """Seconds until ``trainer.max_time``; None without that limit."""
    timers = (c for c in trainer.callbacks if isinstance(c, Timer))  # type: ignore[attr-defined]
    return next((timer.time_remaining() for timer in timers), None)

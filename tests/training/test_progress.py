"""What a run says about how far it is, on a clock of the test's own."""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from sr_experiments.training.callbacks.progress import RunProgress, _news


class Time:
    """Time that passes only where the test says so."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


class Step(pl.LightningModule):
    """A step and the scoring of an image take these seconds."""

    def __init__(self, time: Time, step: float, image: float, fails: bool = False) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.time, self.step, self.image, self.fails = time, step, image, fails

    def training_step(self, batch: Tensor, index: int) -> Tensor:
        self.time.now += self.step
        if self.fails:
            raise RuntimeError("out of luck")
        loss: Tensor = self.layer(batch).sum()
        self.log("train/loss", 0.5)
        return loss

    def validation_step(self, batch: Tensor, index: int) -> None:
        self.time.now += self.image
        self.log_dict({"val/psnr": 30.0, "val/gain": 1.0})

    def test_step(self, batch: Tensor, index: int) -> None:
        self.time.now += self.image

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), 0.0)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Time]:
    clock = Time()
    monkeypatch.setattr("sr_experiments.training.callbacks.progress.time", clock)
    monkeypatch.setattr("pytorch_lightning.callbacks.timer.time", clock)
    return clock


def trainer(progress: RunProgress | None = None, **arguments: Any) -> pl.Trainer:
    return pl.Trainer(
        accelerator="cpu",
        logger=False,
        callbacks=[progress or RunProgress()],
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        log_every_n_steps=1,
        **arguments,
    )


def items(count: int) -> DataLoader[Tensor]:
    return DataLoader(torch.ones(count, 1), batch_size=1)  # type: ignore[arg-type]


def test_lines_become_rarer_in_long_runs(time: Time, capsys: pytest.CaptureFixture[str]) -> None:
    trainer(max_epochs=1).fit(Step(time, 8.0, 0.0), items(900))
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("step ")]
    steps = [int(re.match(r"step (\d+)/", line)[1]) for line in told]  # type: ignore[index]
    assert steps[:3] == [2, 4, 6]
    assert steps[-1] == 900
    assert len(told) < 100  # 450 every 16 seconds
    assert re.search(
        r"step [78]\d\d/900, epoch 1/1, loss 0\.5, 1:4\d:\d\d elapsed, ", "".join(told)
    )


def test_lines_know_the_limit_of_time(time: Time, capsys: pytest.CaptureFixture[str]) -> None:
    trainer(max_epochs=10, max_time="00:00:01:40").fit(Step(time, 4.0, 0.0), items(100))
    *lines, last = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("0:16 elapsed, 1:24 remaining")
    assert last.startswith("the time of trainer.max_time is up after 25 of 1,000 steps")
    assert "trainer.max_time=null" in last


def test_scoring_is_told_with_the_time_it_takes(
    time: Time, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trainer(max_epochs=1)
    run.fit(Step(time, 1.0, 10.0), items(4), items(6))
    run.test(Step(time, 1.0, 20.0), items(6), verbose=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "scored 2/6 images, 0:20 elapsed, 0:40 remaining"
    assert "step 4/4, epoch 1/1, loss 0.5, PSNR 30.00 dB (+1.00 over bicubic)" in lines[2]
    assert lines[3:] == [
        f"scored {i}/6 images, {i // 3}:{i % 3 * 20:02d} elapsed, "
        f"{(6 - i) // 3}:{(6 - i) % 3 * 20:02d} remaining"
        for i in range(1, 6)
    ]


def test_short_runs_end_with_their_last_psnr(
    time: Time, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer(max_epochs=3).fit(Step(time, 1.0, 0.1), items(2), items(2))
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("step 6/6, epoch 3/3, loss 0.5, PSNR 30.00 dB")


def test_a_run_that_only_time_limits(time: Time, capsys: pytest.CaptureFixture[str]) -> None:
    trainer(max_epochs=-1, max_time="00:00:00:40").fit(Step(time, 4.0, 0.0), items(5))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "step 4, loss 0.5, 0:16 elapsed, 0:24 remaining"
    assert lines[-1].startswith("the time of trainer.max_time is up after 10 steps")


@pytest.mark.parametrize(
    ("short", "offer"),
    [(None, "data.steps_per_epoch=3"), ("experiment=vdsr_mini", "experiment=vdsr_mini")],
)
def test_long_runs_are_foretold_with_a_short_form(
    time: Time, capsys: pytest.CaptureFixture[str], short: str | None, offer: str
) -> None:
    step = Step(time, 5.0, 0.0)
    trainer(RunProgress(short), max_epochs=20).fit(step, items(10))
    lines = [line for line in capsys.readouterr().out.splitlines() if "will take" in line]
    assert lines == [f"this run of 200 steps will take about 16:25; {offer} makes a short one"]


def test_short_runs_are_not_foretold(time: Time, capsys: pytest.CaptureFixture[str]) -> None:
    trainer(max_epochs=1).fit(Step(time, 5.0, 0.0), items(100))
    trainer(max_epochs=99, max_time="00:00:04:00").fit(Step(time, 5.0, 0.0), items(100))
    assert "will take" not in capsys.readouterr().out


def test_the_bar_knows_the_limit_of_time_and_moves_while_scoring(
    time: Time, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "sr_experiments.training.callbacks.progress.sys.stdout.isatty", lambda: True
    )
    shown: list[str] = []
    show = RunProgress._show

    def spy(self: RunProgress, what: str, done: int, total: int | None, news: str) -> None:
        shown.append(f"{what} {done}/{total} {news}")
        show(self, what, done, total, news)

    monkeypatch.setattr(RunProgress, "_show", spy)
    run = trainer(max_epochs=10, max_time="00:00:01:40")
    run.fit(Step(time, 5.0, 10.0), items(2), items(2))
    assert shown[0] == "training 1/20 steps, 1:35 remaining, loss 0.5"
    assert "scoring 0/2 images" in shown
    assert "scoring 1/2 images, 0:10 remaining" in shown
    assert all("training" in text for text in shown[-1:])
    assert "PSNR 30.00 dB" in shown[-1]


def test_an_output_of_nans_is_said() -> None:
    scores = {"val/psnr": torch.tensor(torch.nan), "val/gain": torch.tensor(torch.nan)}
    news = _news(SimpleNamespace(callback_metrics=scores), "bicubic")
    assert news == ["no PSNR, the output is NaN"]


def test_an_error_is_not_followed_by_numbers(
    time: Time, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = RunProgress()
    with pytest.raises(RuntimeError, match="out of luck"):
        trainer(progress, max_epochs=1).fit(Step(time, 99.0, 0.0, fails=True), items(3))
    assert progress.bar is None
    assert capsys.readouterr().out == ""

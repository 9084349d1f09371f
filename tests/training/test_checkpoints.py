"""Nothing is lost, whatever ends training. The module of stepping.py scores its weights' sum."""

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from sr_experiments.errors import DiskFullError, DivergedError, Interrupted
from sr_experiments.runs.checkpoints import is_whole, newest_checkpoint
from sr_experiments.training.callbacks.average import MovingAverage
from sr_experiments.training.callbacks.guard import TrainingGuard
from tests.training import gan
from tests.training.stepping import Stepping, fit, saved_total, timer


def step_of(path: Path) -> int:
    return int(torch.load(path, weights_only=True)["global_step"])


def weight_bytes(path: Path) -> bytes:
    return torch.load(path, weights_only=True)["state_dict"]["layer.weight"].numpy().tobytes()


def send(number: int) -> Callable[[pl.Trainer], None]:
    return lambda trainer: os.kill(os.getpid(), number)


@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize(
    ("options", "steps"),
    [({"max_epochs": 3}, 15), ({"max_steps": 7}, 7), ({}, 8), ({"max_steps": 10}, 10)],
)
def test_the_end_is_scored_once_and_saved(
    tmp_path: Path, options: dict[str, Any], steps: int, average: bool
):
    callbacks: list[pl.Callback] = [MovingAverage(decay=0.5)] if average else []
    if not options:  # as max_time does
        callbacks.append(timer(steps))
    module = Stepping()
    fit(module, tmp_path, *callbacks, **options)
    assert [step for step, _ in module.scores] == [steps]
    # What is in memory is scored on the test sets next.
    expected = pytest.approx(module.total(), abs=0)
    assert module.scores[-1][1] == expected
    assert saved_total(tmp_path / "last.ckpt") == expected
    assert saved_total(tmp_path / "best.ckpt") == expected


def test_the_end_is_saved_where_nothing_is_scored(tmp_path: Path):
    module = Stepping()
    fit(module, tmp_path, limit_val_batches=0)
    assert saved_total(tmp_path / "last.ckpt") == module.total()


@pytest.mark.parametrize(
    ("at", "number", "average"),
    [
        (3, signal.SIGTERM, False),
        (3, signal.SIGINT, True),
        (4, signal.SIGUSR1, True),
        (9, signal.SIGUSR2, False),
    ],
)
def test_a_signal_saves_and_the_run_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, number: int, at: int, average: bool
):
    def callbacks() -> list[pl.Callback]:
        return [MovingAverage(decay=0.5)] if average else []

    whole = Stepping()
    data = torch.ones(5, 2)  # in mid-epoch the order of other batches is the loader's affair
    fit(whole, tmp_path / "whole", *callbacks(), data=data, check_val_every_n_epoch=2)
    first, second = Stepping({at: send(number)}), Stepping()
    with pytest.raises(Interrupted) as stop:
        fit(first, tmp_path / "cut", *callbacks(), data=data, check_val_every_n_epoch=2)
    assert stop.value.number == number
    last = tmp_path / "cut" / "last.ckpt"
    assert step_of(last) == at + 1
    fit(
        second, tmp_path / "cut", *callbacks(), data=data, check_val_every_n_epoch=2, ckpt_path=last
    )
    assert first.scores + second.scores == whole.scores
    assert second.total() == whole.total()


class SignalAt(pl.Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        if trainer.global_step == self.step:
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_gan_goes_on_as_if_nothing_had_happened(tmp_path: Path):
    options = {"data": DataLoader(gan.Noise(4), batch_size=None), "limit_val_batches": 0}
    whole, first, second = gan.module(), gan.module(), gan.module()
    fit(whole, tmp_path / "whole", MovingAverage(), **options)
    with pytest.raises(Interrupted):
        fit(first, tmp_path / "cut", MovingAverage(), SignalAt(4), **options)
    last = tmp_path / "cut" / "last.ckpt"
    assert step_of(last) == 4
    fit(second, tmp_path / "cut", MovingAverage(), ckpt_path=last, **options)
    assert torch.equal(gan.weights(second), gan.weights(whole))


@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize("options", [{"max_epochs": 2}, {"max_steps": 7}])
def test_a_signal_while_the_end_is_scored(tmp_path: Path, options: dict[str, Any], average: bool):
    def callbacks() -> list[pl.Callback]:
        return [MovingAverage(decay=0.5)] if average else []

    whole = Stepping()
    fit(whole, tmp_path / "whole", *callbacks(), **options)
    first, second = Stepping(scoring=send(signal.SIGTERM)), Stepping()
    with pytest.raises(Interrupted):
        fit(first, tmp_path / "cut", *callbacks(), **options)
    assert not first.scores
    last = tmp_path / "cut" / "last.ckpt"
    fit(second, tmp_path / "cut", *callbacks(), ckpt_path=last, **options)
    assert second.scores == whole.scores
    assert second.total() == whole.total() == saved_total(last)


@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize("options", [{"max_epochs": 2}, {"max_steps": 7}])
def test_a_run_without_a_step_left_ends_as_it_did(
    tmp_path: Path, options: dict[str, Any], average: bool
):
    callbacks: list[pl.Callback] = [MovingAverage(decay=0.5)] if average else []
    module, again = Stepping(), Stepping()
    fit(module, tmp_path, *callbacks, **options)
    callbacks = [MovingAverage(decay=0.5)] if average else []
    fit(again, tmp_path, *callbacks, ckpt_path=tmp_path / "last.ckpt", **options)
    assert not again.scores  # it has been
    assert again.total() == module.total()


def fail(error: BaseException) -> Callable[[pl.Trainer], None]:
    def event(trainer: pl.Trainer) -> None:
        raise error

    return event


@pytest.mark.parametrize("at", [4, 5, 7])
def test_an_exception_saves_what_was_learnt_before(tmp_path: Path, at: int):
    data = torch.ones(5, 2)
    whole, first, second = Stepping(), Stepping({at: fail(MemoryError("no more"))}), Stepping()
    fit(whole, tmp_path / "whole", data=data)
    with pytest.raises(MemoryError):
        fit(first, tmp_path / "cut", data=data)
    last = tmp_path / "cut" / "last.ckpt"
    assert step_of(last) == at
    fit(second, tmp_path / "cut", data=data, ckpt_path=last)
    assert second.scores == whole.scores


def test_nothing_diverged_is_saved(tmp_path: Path):
    def explode(trainer: pl.Trainer) -> None:
        trainer.lightning_module.layer.weight.data.fill_(float("nan"))

    with pytest.raises(DivergedError):
        fit(Stepping({7: explode}), tmp_path, TrainingGuard(every=2))
    assert not list(tmp_path.iterdir())
    with pytest.raises(Interrupted):
        fit(Stepping({7: explode, 8: send(signal.SIGTERM)}), tmp_path, TrainingGuard(every=100))
    assert not list(tmp_path.iterdir())


def test_checkpoints_come_in_time_and_in_two_generations(tmp_path: Path):
    seen: list[tuple[int, int]] = []

    def look(trainer: pl.Trainer) -> None:
        seen.append((step_of(tmp_path / "last.ckpt"), step_of(tmp_path / "last-1.ckpt")))

    fit(Stepping({3: look, 8: look}), tmp_path, every_minutes=1e-9)
    assert seen == [(3, 2), (8, 7)]


def test_a_torn_or_corrupt_checkpoint_is_skipped_with_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "checkpoints"
    fit(Stepping(), folder, every_minutes=1e-9)
    last, before = folder / "last.ckpt", folder / "last-1.ckpt"
    assert newest_checkpoint(tmp_path) == last
    content = bytearray(last.read_bytes())
    weight = weight_bytes(last)
    content[content.index(weight)] ^= 1
    for broken in (content, content[:200], b""):
        last.write_bytes(broken)
        assert not is_whole(last)
        assert newest_checkpoint(tmp_path) == before
        assert f"{last}: broken; taken instead: {before}" in capsys.readouterr().out
    before.write_bytes(b"")
    assert newest_checkpoint(tmp_path) == folder / "best.ckpt"
    (folder / "best.ckpt").unlink()
    assert newest_checkpoint(tmp_path) is None


class Disk:
    """Takes nothing more while it is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self.sync = os.fsync
        monkeypatch.setattr(os, "fsync", self.fsync)

    def fsync(self, descriptor: int) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.sync(descriptor)

    def fill(self, full: bool) -> Callable[[pl.Trainer], None]:
        """What happens in a step."""
        return lambda trainer: setattr(self, "full", full)


def test_a_full_disk_leaves_earlier_checkpoints_and_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    disk = Disk(monkeypatch)
    seen: list[int] = []
    module = Stepping(
        {
            4: disk.fill(True),
            8: lambda trainer: seen.append(step_of(tmp_path / "last.ckpt")),
            9: disk.fill(False),
        }
    )
    fit(module, tmp_path, every_minutes=1e-9)
    assert seen == [4]
    said = capsys.readouterr().out
    assert said.count("No space left on device") > 2
    assert "training goes on" in said
    assert saved_total(tmp_path / "last.ckpt") == module.total()
    assert not list(tmp_path.glob(".*"))
    with pytest.raises(DiskFullError, match="final weights could not be written"):
        fit(Stepping({4: disk.fill(True)}), tmp_path)


def test_a_best_one_that_could_not_be_written_is_not_compared_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    disk = Disk(monkeypatch)
    disk.full = True
    module = Stepping({12: disk.fill(False)})
    fit(module, tmp_path, check_val_every_n_epoch=1)  # after 5, 10 and 15 steps
    assert saved_total(tmp_path / "best.ckpt") == module.total()


def test_space_is_checked_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        "shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000, "used": 0, "total": 0})
    )
    with pytest.raises(DiskFullError, match=r"need about 0.4 MB more, 0.0 MB are free"):
        fit(Stepping(), tmp_path)

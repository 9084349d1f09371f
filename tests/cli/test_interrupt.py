"""What a user sees when a run ends early, and what is left to continue from."""

import csv
import itertools
import json
import os
import re
import shlex
import signal
import sys
from pathlib import Path

import pytest
import torch
from omegaconf.basecontainer import BaseContainer

from sr_experiments.cli import app
from sr_experiments.training.module import RestorationModule
from tests.cli.conftest import TINY, Command
from tests.commands import Command as Process

ROOT = Path(__file__).parents[2]
LONG = [*TINY, "trainer.max_epochs=3", "trainer.check_val_every_n_epoch=20", "log_images=0"]


@pytest.fixture
def at_step(monkeypatch: pytest.MonkeyPatch):
    """Has something happen in a training step: at_step(2, event)."""
    step = RestorationModule.training_step

    def plan(number: int, event) -> None:
        def training_step(self, batch, index):
            if self.trainer.global_step == number:
                monkeypatch.setattr(RestorationModule, "training_step", step)
                event()
            return step(self, batch, index)

        monkeypatch.setattr(RestorationModule, "training_step", training_step)

    return plan


def test_the_table_is_that_of_the_saved_weights(command: Command, images: list[str]):
    trained = command("train", *LONG, *images, "callbacks=ema", run="trained")
    checkpoint = trained.folder / "checkpoints" / "last.ckpt"
    scored = command(
        "evaluate",
        *images,
        "log_images=0",
        f"ckpt_path={checkpoint}",
        "protocol=vdsr",
        run="scored",
    )
    theirs = {k: v for k, v in scored.status["metrics"].items() if "seconds" not in k}
    assert theirs
    assert theirs == {k: trained.status["metrics"][k] for k in theirs}
    rows = list(csv.DictReader((trained.folder / "metrics.csv").open()))
    assert [row["step"] for row in rows if row["val/psnr"]] == ["5"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_says_how_to_continue(
    command: Command, images: list[str], at_step, number: int, code: int
):
    whole = command("train", *LONG, *images, run="whole")
    at_step(1, lambda: os.kill(os.getpid(), number))
    cut = command("train", *LONG, *images, run="cut")
    assert cut.code == code
    assert (cut.status["state"], cut.status["error"]["kind"]) == ("interrupted", "interrupted")
    line = next(line for line in cut.err.splitlines() if line.startswith("interrupted"))
    said, told = line.split("; continue with: ")
    assert said == "interrupted at step 2"
    assert "Traceback" not in cut.err
    more = command("train", *[w for w in shlex.split(told) if "=" in w], run="cut")
    assert (more.code, more.status["state"], more.status["error"]) == (0, "finished", None)
    assert more.status["metrics"]["test/psnr"] == whole.status["metrics"]["test/psnr"]


@pytest.mark.long
@pytest.mark.slow
def test_a_signal_to_one_process_stops_all_and_nothing_is_lost(images: list[str], tmp_path: Path):
    folder, watch = tmp_path / "run", ROOT / "tests" / "sweeps"
    typed = [*LONG, *images, "device=ddp_cpu"]
    typed += [f"hydra.run.dir={folder}", "+callbacks.stop._target_=rank_watch.SignalOnce"]
    typed += ["+callbacks.stop.rank=1", f"+callbacks.stop.number={signal.SIGTERM.value}"]
    environment = {"OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT}{os.pathsep}{watch}"}
    done = Process("train", typed, tmp_path, environment)
    assert done.wait() == 143, done.printed
    assert "Traceback" not in done.printed
    assert re.search(r"interrupted at step 2; continue with: python \S*train.py ", done.printed)
    status = json.loads((folder / "status.json").read_text())
    assert (status["state"], status["error"]["kind"]) == ("interrupted", "interrupted")
    assert torch.load(folder / "checkpoints/last.ckpt", weights_only=True)["global_step"] == 2
    typed += [f"ckpt_path={folder}"]
    more = Process("train", typed, tmp_path, environment)
    assert more.wait() == 0, more.printed
    assert json.loads((folder / "status.json").read_text())["state"] == "finished"


def test_a_killed_loader_worker_is_said_in_one_line(command: Command, images: list[str], at_step):
    def fail() -> None:
        raise RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed. ")

    at_step(1, fail)
    cut = command("train", *LONG, *images, run="cut")
    assert cut.code == 2
    assert [line for line in cut.err.splitlines() if "error" in line] == [
        "error: a process of data.num_workers was killed (DataLoader worker (pid 7) is killed by "
        f"signal: Killed), as a rule since memory is short; continue with ckpt_path={cut.folder}"
    ]
    assert "Traceback" not in cut.err
    assert cut.status["error"]["kind"] == "killed"


def test_an_error_leaves_a_checkpoint(command: Command, images: list[str], at_step):
    def fail() -> None:
        raise MemoryError("no more")

    at_step(2, fail)
    with pytest.raises(MemoryError):
        command("train", *LONG, *images, run="cut")
    folder = command("evaluate", *images, "weights=/none", run="cut").folder
    assert (folder / "checkpoints" / "last.ckpt").is_file()


def test_ctrl_c_before_a_command_has_begun(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "outlive_full_disks", interrupt)
    with pytest.raises(SystemExit) as ended:
        app.train()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("items", [1, 100, 217, 225, 233, 241, 500])
def test_ctrl_c_while_the_configuration_is_composed(items: int, tmp_path: Path) -> None:
    """OmegaConf loses the interrupt at some of these moments, or makes an error of it."""
    log = tmp_path / "log"
    process = os.fork()
    if not process:
        try:
            os.chdir(tmp_path)
            os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT), 2)
            sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
            sys.argv = ["train.py", "hydra.run.dir=run", "data.root=none"]
            change = _then_interrupt(BaseContainer._set_item_impl, items)
            BaseContainer._set_item_impl = change
            app.train()
        except SystemExit as end:
            os._exit(int(end.code))
        finally:
            os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 130
    assert log.read_text() == "interrupted\n"


def _then_interrupt(function, calls: int):
    count = itertools.count(1)

    def counted(*args, **kwargs):
        result = function(*args, **kwargs)
        if next(count) == calls:
            os.kill(os.getpid(), signal.SIGINT)
        return result

    return counted

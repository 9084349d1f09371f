"""Sweeps over real trainings with several processes each (gloo)."""

import csv
import json
import re
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.sweeps.sweep_commands import TINY, Sweeps

WATCH = ("+callbacks.watch._target_=rank_watch.RankWatch",)
DDP = (*TINY, "device=ddp_cpu", *WATCH)


def weights(folder: Path, rank: int = 0) -> dict[str, Tensor]:
    state: dict[str, Tensor] = torch.load(folder / f"weights-{rank}.pt", weights_only=True)
    return state


def equal(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def states(folder: Path) -> list[str]:
    with (folder / "sweep.csv").open() as file:
        return [row["state"] for row in csv.DictReader(file)]


def single(sweeps: Sweeps, *arguments: str) -> Path:
    """The same run by itself, started by Lightning's own launcher."""
    folder = sweeps.folder / "-".join(["single", *arguments]).replace("/", "-")
    run = sweeps.command("train", *DDP, *arguments, f"hydra.run.dir={folder}")
    assert run.wait() == 0, run.printed
    return folder


def metrics(folder: Path) -> dict[str, float]:
    """All that does not depend on the time of day."""
    found: dict[str, float] = json.loads((folder / "status.json").read_text())["metrics"]
    timed = ("train/data_wait", "/seconds")
    return {name: value for name, value in found.items() if not name.endswith(timed)}


def check_run(folder: Path, devices: int, reference: Path) -> None:
    """All ranks took part, agree with each other and with the run by itself."""
    assert len(list(folder.glob("weights-*.pt"))) == devices
    rates = {path.read_text() for path in folder.glob("lr-*")}
    assert rates == {(reference / "lr-0").read_text()}
    for rank in range(devices):
        assert equal(weights(folder, rank), weights(reference))
    assert metrics(folder) == metrics(reference)


@pytest.mark.long
@pytest.mark.slow
def test_a_good_job_after_jobs_that_fail_on_some_rank(sweeps: Sweeps) -> None:
    """On the first one while training, on the second one before it."""
    watch = "_target_:rank_watch.RankWatch"
    kinds = f"{{{watch},fails:0}},{{{watch},setup_fails:1}},{{{watch}}}"
    status, output = sweeps.train(
        "-m", *TINY, "device=ddp_cpu", f"+callbacks.watch={kinds}", "hydra.sweep.dir=s"
    )
    assert status == 1, output
    folder = sweeps.folder / "s"
    assert states(folder) == ["failed", "failed", "finished"], output
    for job, what in ((0, "rank 0 fails while training"), (1, "rank 1 fails before training")):
        recorded = json.loads((folder / str(job) / "status.json").read_text())
        assert f"RuntimeError: {what}" in recorded["error"]["message"]
        assert (folder / str(job) / "error.log").read_text().startswith(f"rank {job}\n")
        assert recorded["state"] == "failed"
    assert equal(weights(folder / "2", 0), weights(folder / "2", 1))
    assert not sweeps.processes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("callback", "line"),
    [
        (
            "RankWatch",
            r"error: rank 1: RuntimeError: rank 1 fails while training; see \S+error.log",
        ),
        (
            "KillRank",
            r"error: rank 1: killed by SIGKILL \(by hand, or for want of memory\); "
            r"see \S+error.log",
        ),
    ],
)
@pytest.mark.long
def test_a_lost_rank_is_said_in_one_line(sweeps: Sweeps, callback: str, line: str) -> None:
    folder = sweeps.folder / "run"
    key = "fails" if callback == "RankWatch" else "rank"
    loss = (f"+callbacks.loss._target_=rank_watch.{callback}", f"+callbacks.loss.{key}=1")
    status, output = sweeps.train(*TINY, "device=ddp_cpu", *loss, f"hydra.run.dir={folder}")
    assert status
    assert "Traceback" not in output
    errors = [said for said in output.splitlines() if "rror" in said]
    assert len(errors) == 1
    assert re.fullmatch(line, errors[0])
    recorded = json.loads((folder / "status.json").read_text())
    assert recorded["state"] == "failed"
    assert recorded["error"]["message"].removeprefix("RankError: ") == errors[0].removeprefix(
        "error: "
    )


@pytest.mark.long
@pytest.mark.slow
def test_jobs_of_one_and_two_processes_equal_single_runs_and_train_alike(sweeps: Sweeps) -> None:
    """With a constant effective batch."""
    folder, batch = sweeps.folder / "s", "device.effective_batch=8"
    status, output = sweeps.train("-m", *DDP, batch, "device.devices=2,1", "hydra.sweep.dir=s")
    assert status == 0, output
    assert len(states(folder)) == 2
    for job, devices in enumerate((2, 1)):
        reference = single(sweeps, batch, f"device.devices={devices}")
        check_run(folder / str(job), devices, reference)
    two, one = (weights(folder / job) for job in ("0", "1"))
    for key, value in one.items():
        torch.testing.assert_close(two[key], value, rtol=1e-4, atol=1e-7)


@pytest.mark.long
@pytest.mark.slow
def test_an_interrupted_training_continues_as_if_it_had_not_been(sweeps: Sweeps) -> None:
    """A job is killed in its last epoch; resumed, it ends where one without interruption does."""
    epochs = ("trainer.max_epochs=3", "trainer.check_val_every_n_epoch=1", "logger=wandb")
    arguments = (*TINY, *WATCH, *epochs, "+callbacks.watch.fails=-1")
    kill = ("+callbacks.stop._target_=rank_watch.KillOnce", "+callbacks.stop.epoch=0,2")
    through = sweeps.folder / "through"
    run = sweeps.command("train", *arguments, f"hydra.run.dir={through}")
    status, output = sweeps.train("-m", *arguments, *kill, "hydra.sweep.dir=s")
    assert status == 1, output
    folder = sweeps.folder / "s"
    assert states(folder) == ["killed", "killed"]
    ids = [(folder / str(job) / "wandb_id").read_text() for job in range(2)]
    status, output = sweeps.train("sweep.resume=s")
    assert status == 0, output
    assert states(folder) == ["finished"] * 2
    assert run.wait() == 0, run.printed
    for job in (0, 1):
        assert equal(weights(folder / str(job)), weights(through))
        assert metrics(folder / str(job)) == metrics(through)
        with (folder / str(job) / "metrics.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert [row["step"] for row in rows if row["val/psnr"]] == ["1", "3", "5"]
    # Job 0 had nothing to continue from, job 1 had.
    assert (folder / "1" / "wandb_id").read_text() == ids[1]
    assert (folder / "0" / "wandb_id").read_text() != ids[0]

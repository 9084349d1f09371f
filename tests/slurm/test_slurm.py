"""Sweeps on a real SLURM of one node; skipped where it is not installed."""

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
PATHS = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(shutil.which(name, path=PATHS) for name in ("slurmctld", "slurmd", "munged"))
        or os.geteuid() != 0,
        reason="needs root and the packages slurm-wlm and munge",
    ),
]

TINY = (
    "model=vdsr",
    "model.depth=2",
    "model.channels=4",
    "model.scales=[2,3]",
    "data.train=[astronaut.png]",
    "data.val={cat:[microaneurysms.png]}",
    "data.test={demo:[microaneurysms.png]}",
    "data.steps_per_epoch=2",
    "trainer.max_epochs=1",
    "log_images=0",
    "hydra/launcher=slurm",
    "hydra.launcher.poll_seconds=1",
    "hydra.launcher.cpus_per_task=1",
    "hydra.launcher.mem_gb=2",
)


class Slurm:
    def __init__(self, folder: Path) -> None:
        self.environment = {
            **os.environ,
            "PATH": PATHS,
            "SLURM_CONF": str(folder / "slurm.conf"),
            # A cluster for each process of pytest-xdist.
            "SLURM_TEST_PORT": str(16827 + 10 * int(WORKER.removeprefix("gw"))),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests" / "sweeps")]),
            "OMP_NUM_THREADS": "1",
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "train.py"), "-m", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def train(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=300)
        return process.returncode, output

    def tell(self, *command: str) -> str:
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def job_ids(self) -> list[str]:
        return self.tell("squeue", "--noheader", "--array", "--me", "--format=%i").split()


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    folder = tmp_path_factory.mktemp("slurm")
    found = Slurm(folder)
    subprocess.run([HERE / "up.sh", folder], env=found.environment, check=True)
    yield found
    subprocess.run([HERE / "down.sh", folder], env=found.environment, check=True)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "sweep.csv").open() as file:
        return list(csv.DictReader(file))


def wait_for(path: Path, seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.1)


def test_two_jobs_of_which_one_fails_then_resume(slurm: Slurm, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    command = (*TINY, "device=cpu", "init_from=null,none.ckpt", f"hydra.sweep.dir={folder}")
    status, output = slurm.train(*command)
    assert status == 1, output
    assert [row["state"] for row in rows(folder)] == ["finished", "failed"]
    assert rows(folder)[1]["error"] == "none.ckpt: no such file"
    finished = (folder / "0" / "status.json").stat().st_mtime_ns
    status, output = slurm.train(f"sweep.resume={folder}")
    assert status == 1
    assert "1 of them finished before" in output
    assert (folder / "0" / "status.json").stat().st_mtime_ns == finished


@pytest.mark.long
def test_two_ranks(slurm: Slurm, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    watch = "+callbacks.watch._target_=rank_watch.RankWatch"
    status, output = slurm.train(*TINY, "device=ddp_cpu", watch, f"hydra.sweep.dir={folder}")
    assert status == 0, output
    first, second = (
        torch.load(folder / "0" / f"weights-{rank}.pt", weights_only=True) for rank in (0, 1)
    )
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert (folder / "0" / "lr-1").read_text().endswith(" 2")


LONG = ("trainer.max_epochs=2000", "trainer.check_val_every_n_epoch=5", "device=cpu")


@pytest.mark.long
def test_a_cancelled_job_is_noticed(slurm: Slurm, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    process = slurm.start(*TINY, *LONG, f"hydra.sweep.dir={folder}")
    wait_for(folder / "0" / "checkpoints" / "last.ckpt")
    slurm.tell("scancel", *slurm.job_ids())
    output, _ = process.communicate(timeout=90)
    assert process.returncode == 1, output
    assert rows(folder)[0]["state"] == "killed"
    assert "CANCELLED" in rows(folder)[0]["error"]
    assert json.loads((folder / "0" / "status.json").read_text())["state"] == "killed"


@pytest.mark.long
def test_a_requeued_job_continues_from_its_checkpoint(slurm: Slurm, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    run = folder / "0"
    epochs = ("trainer.max_epochs=150", "trainer.check_val_every_n_epoch=5", "device=cpu")
    process = slurm.start(*TINY, *epochs, f"hydra.sweep.dir={folder}")
    wait_for(run / "checkpoints" / "last.ckpt")
    (job_id,) = slurm.job_ids()
    slurm.tell("scontrol", "requeue", job_id)
    end = time.monotonic() + 60
    while "PENDING" not in slurm.tell("scontrol", "-o", "show", "job", job_id):
        assert time.monotonic() < end
        time.sleep(0.5)
    before = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"]
    assert 0 < before < 300
    slurm.tell("scontrol", "update", f"JobId={job_id}", "StartTime=now")  # else in two minutes
    output, _ = process.communicate(timeout=200)
    assert process.returncode == 0, output
    assert rows(folder)[0]["state"] == "finished"
    with (run / "metrics.csv").open() as file:
        steps = [int(row["step"]) for row in csv.DictReader(file) if row["val/psnr"]]
    assert steps == list(range(9, 300, 10))  # each epoch once, whoever has scored it
    assert f"continues {run}/checkpoints/last.ckpt" in (run / "job.log").read_text()


@pytest.mark.long
def test_ctrl_c_leaves_no_job_in_the_queue(slurm: Slurm, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    process = slurm.start(*TINY, *LONG, "seed=0,1,2", f"hydra.sweep.dir={folder}")
    wait_for(folder / "0" / "status.json")
    process.terminate()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    end = time.monotonic() + 30
    while slurm.job_ids():
        assert time.monotonic() < end
        time.sleep(0.5)
    assert {row["state"] for row in rows(folder)} == {"interrupted"}


@pytest.mark.long
def test_a_sweep_whose_command_was_killed_is_followed_again(slurm: Slurm, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    epochs = ("trainer.max_epochs=100", "trainer.check_val_every_n_epoch=50", "device=cpu")
    process = slurm.start(*TINY, *epochs, f"hydra.sweep.dir={folder}")
    wait_for(folder / "0" / "status.json")
    process.kill()
    process.communicate()
    before = slurm.job_ids()
    assert len(before) == 1
    status, output = slurm.train(f"sweep.resume={folder}")
    assert status == 0, output
    assert rows(folder)[0]["state"] == "finished"
    assert len(list((folder / ".submitit").glob("[0-9]*"))) == 1  # submitted once
    assert "continues" not in (folder / "0" / "job.log").read_text()

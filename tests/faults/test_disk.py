"""Disks that are full or fail."""

import csv
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.faults.conftest import TINY
from tests.faults.runs import checkpoint_of, state_of
from tests.sweeps.sweep_commands import ROOT, Sweeps

pytestmark = pytest.mark.slow

QUICK = ROOT / "tests" / "sweeps" / "quick_job.py"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes in memory."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, left: int = 0) -> Path:
    """Takes all space of a file system but so many bytes."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
        file.truncate(max(0, file.tell() - left))
    return path


def said_full(printed: str) -> bool:
    return "No space left" in printed or "full" in printed


def test_a_full_run_folder_stops_nothing_and_is_said(start, record, small_disk: Path) -> None:
    line = record("the disk of the run folder is full")
    folder = small_disk / "run"
    command = start(
        "train",
        *TINY,
        "trainer.max_epochs=60",
        "trainer.check_val_every_n_epoch=20",
        "callbacks.last.every_minutes=0.002",
        f"hydra.run.dir={folder}",
    )
    command.wait_for(checkpoint_of(folder))
    before = torch.load(checkpoint_of(folder), weights_only=True)["global_step"]
    filler = fill(small_disk)
    end = time.monotonic() + 60
    while not said_full(command.printed) and time.monotonic() < end:
        time.sleep(0.02)
    detected = said_full(command.printed)
    whole = torch.load(checkpoint_of(folder), weights_only=True)["global_step"] >= before
    filler.unlink()
    status = command.wait()
    last = torch.load(checkpoint_of(folder), weights_only=True)["global_step"]
    line.add(detected, status == 0 and whole and last == 300 and state_of(folder) == "finished")
    assert "Traceback" not in command.printed, command.printed[-1500:]


def test_a_full_disk_below_a_sweep_ends_no_job(record, small_disk: Path) -> None:
    line = record("the disk of a sweep is full")
    sweeps, folder = Sweeps(small_disk), small_disk / "s"
    command = ("-m", "sweep.slots=2", "tags=[sleep:4,die],[sleep:12]", "hydra.sweep.dir=s")
    process = sweeps.start(QUICK, *command)
    marks = [folder / str(job) / "environment" for job in range(2)]
    while process.poll() is None and not all(mark.exists() for mark in marks):
        time.sleep(0.01)
    filler = fill(small_disk)
    printed = ""
    while "cannot write" not in printed and process.poll() is None:
        printed += process.stdout.readline()
    filler.unlink()
    printed += process.communicate(timeout=300)[0]
    with (folder / "sweep.csv").open() as file:
        states = [row["state"] for row in csv.DictReader(file)]
    detected = f"make space in the sweep folder {folder}" in printed
    line.add(detected, states == ["killed", "finished"] and state_of(folder / "0") == "killed")
    assert "Traceback" not in printed, printed[-1500:]


def test_a_full_disk_under_the_report_leaves_the_old_one(
    start, record, undisturbed, small_disk: Path
) -> None:
    line = record("the disk of the report is full")
    arguments = (f"runs=[{undisturbed()}]", f"out={small_disk}/report")
    assert start("report", *arguments).wait() == 0
    page = small_disk / "report" / "report.html"
    before = page.read_bytes()
    fill(small_disk)
    command = start("report", *arguments)
    status = command.wait()
    said = [text for text in command.printed.splitlines() if text.startswith("error: ")]
    line.add(status == 2 and len(said) == 1, page.read_bytes() == before)
    assert "Traceback" not in command.printed, command.printed[-1500:]


def test_a_full_cache_stops_with_a_line_and_keeps_what_is_there(
    start, record, small_disk: Path, tmp_path: Path
) -> None:
    line = record("the disk of the cache is full")
    cache = small_disk / "cache"
    overrides = [*TINY, f"data.cache={cache}"]
    assert start("train", *overrides, f"hydra.run.dir={tmp_path}/a").wait() == 0
    before = {p: p.read_bytes() for p in cache.rglob("*.safetensors")}
    filler = fill(small_disk, left=8192)
    other = [*overrides, "model.scales=[3]", f"hydra.run.dir={tmp_path}/b"]
    command = start("train", *other)
    status = command.wait()
    said = [text for text in command.printed.splitlines() if text.startswith("error: ")]
    kept = {p: p.read_bytes() for p in cache.rglob("*.safetensors")}
    filler.unlink()
    shutil.rmtree(tmp_path / "b", ignore_errors=True)
    again = start("train", *other)
    survived = again.wait() == 0 and kept == before
    line.add(status == 2 and len(said) == 1, survived)
    assert survived, again.printed
    assert "Traceback" not in command.printed, command.printed[-1500:]

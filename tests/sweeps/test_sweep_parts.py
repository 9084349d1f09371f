"""The parts of a sweep, one by one."""

import csv
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sr_experiments.errors import ConfigError
from sr_experiments.runs.command import quote_path
from sr_experiments.runs.metrics_file import SEEN
from sr_experiments.sweeps import slots
from sr_experiments.sweeps.command import expand, job_environment, record_overrides
from sr_experiments.sweeps.job import Job
from sr_experiments.sweeps.monitor import SweepMonitor
from sr_experiments.sweeps.settings import Settings, read_settings
from sr_experiments.sweeps.slots import DeviceLocks, Slots, gpus, required_slots
from sr_experiments.sweeps.slurm import asks_for_no_gpu


def make_job(folder: Path, number: int = 0, **config: Any) -> Job:
    return Job(number, [f"{k}={v}" for k, v in config.items()], folder / str(number), config)


@given(
    devices=st.integers(1, 8),
    processes=st.integers(1, 16),
    wants=st.lists(st.integers(1, 10), max_size=20),
    returns=st.lists(st.booleans(), max_size=20),
)
def test_slots_are_never_lent_twice(
    devices: int, processes: int, wants: list[int], returns: list[bool]
) -> None:
    slots = Slots([str(i) for i in range(devices)], processes)
    lent: list[list[str]] = []
    for want, back in zip(wants, returns, strict=False):
        if back and lent:
            slots.release(lent.pop(0))
        taken = slots.acquire(want)
        if taken is None:
            assert lent, "everything is free, so anything must fit"
            continue
        assert len(set(taken)) == len(taken) == min(want, devices)
        lent.append(taken)
        flat = [device for group in lent for device in group]
        assert len(flat) <= processes or len(lent) == 1
        share = -(-processes // devices)
        assert all(flat.count(device) <= share for device in flat)


def test_several_processes_share_a_gpu_evenly() -> None:
    slots = Slots(["0", "1"], 4)
    assert [slots.acquire(1) for _ in range(5)] == [["0"], ["1"], ["0"], ["1"], None]


def test_a_job_goes_to_the_emptiest_gpu() -> None:
    slots = Slots(["0", "1"], 3)
    assert [slots.acquire(1) for _ in range(4)] == [["0"], ["1"], ["0"], None]
    slots.release(["1"])
    assert slots.acquire(1) == ["1"]


def test_a_job_of_more_processes_than_slots_has_all_gpus_for_itself() -> None:
    slots = Slots(["0", "1", "2", "3"], 1)
    assert slots.acquire(4) == ["0", "1", "2", "3"]
    assert slots.acquire(1) is None
    slots.release(["0", "1", "2", "3"])
    assert slots.acquire(1) == ["0"]


def test_two_sweeps_take_different_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "_SHARED", tmp_path)
    names = ["0", "1"]
    one, other = (Slots(names, 4, DeviceLocks(names)) for _ in range(2))
    assert [one.acquire(1), other.acquire(1)] == [["0"], ["1"]]
    assert [one.acquire(1), other.acquire(2)] == [["0"], None]
    one.release(["0"])
    assert other.acquire(2) is None
    one.release(["0"])
    assert other.acquire(2) == ["0", "1"]
    assert one.acquire(1) is None


@pytest.mark.skipif(not slots._SHARED.is_dir(), reason="needs a place that all processes share")
def test_a_gpu_is_locked_whatever_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"test-{tmp_path.parent.name}-{os.getpid()}"
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "a"))
    one = DeviceLocks([name])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "b"))
    other = DeviceLocks([name])
    try:
        assert one.acquire(name)
        assert not other.acquire(name)
        one.release(name)
        assert other.acquire(name)
        other.release(name)
    finally:
        Path(one.locks[name].lock_file).unlink(missing_ok=True)


def test_places_without_locks_hold_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "_SHARED", tmp_path / "absent")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent" / "deeper"))
    assert Slots(["0"], 1, DeviceLocks(["0"])).acquire(1) == ["0"]


@pytest.mark.parametrize(
    ("device", "gpu_count", "expected"),
    [
        ({"accelerator": "cpu", "devices": 2}, 8, ("cpu", 2)),
        ({"accelerator": "auto", "devices": 1}, 0, ("cpu", 1)),
        ({"accelerator": "auto", "devices": 1}, 8, ("gpu", 1)),
        ({"accelerator": "gpu", "devices": -1}, 8, ("gpu", 8)),
        ({"accelerator": "mps", "devices": 1}, 0, ("gpu", 1)),
    ],
)
def test_demand(device: dict[str, Any], gpu_count: int, expected: tuple[str, int]) -> None:
    assert required_slots(device, gpu_count) == expected


@pytest.mark.parametrize(
    "device",
    [
        {"accelerator": "gpu", "devices": [2, 3]},
        {"accelerator": "gpu", "devices": 0},
        {"accelerator": "cpu", "devices": True},
        {"accelerator": "gpu", "devices": 1, "num_nodes": 2},
    ],
)
def test_demands_that_cannot_be_met(device: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"device\.(devices|num_nodes)="):
        required_slots(device, 8)


@pytest.mark.parametrize(
    ("accelerator", "params", "said"),
    [
        ("auto", {"partition": "all", "additional_parameters": {}}, True),
        ("auto", {"additional_parameters": {"gres": "gpu:1"}}, False),
        ("auto", {"partition": "gpu"}, False),
        ("gpu", {}, False),
        ("cpu", {}, False),
    ],
)
def test_a_cluster_is_asked_for_no_gpu(
    tmp_path: Path, accelerator: str, params: dict[str, Any], said: bool
) -> None:
    job = make_job(tmp_path, device={"accelerator": accelerator, "devices": 1})
    assert asks_for_no_gpu([job], params) is said


def test_gpus_named_by_the_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, GPU-5a")
    assert gpus() == ["3", "GPU-5a"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpus() == []


def test_environment_of_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    foreign = ("RANK", "TORCHELASTIC_RUN_ID", "SLURM_PROCID", "PL_GLOBAL_SEED", "WANDB_SERVICE")
    for name in foreign:
        monkeypatch.setenv(name, "1")
    found = job_environment(["1", "3"], on_gpu=True, threads=4)
    assert found["CUDA_VISIBLE_DEVICES"] == "1,3"
    assert found["OMP_NUM_THREADS"] == "4"
    assert not set(foreign) & set(found)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"slots": 0}, r"sweep\.slots: must be at least 1"),
        ({"slots": "all"}, r"sweep\.slots: "),
        ({"retries": -1}, r"sweep\.retries: .*got -1"),
        ({"timeout": 0}, r"sweep\.timeout: .*got 0"),
        ({"mode": "best"}, r"sweep\.mode: .*got 'best'"),
        ({"retry": 1}, r"sweep\.retry: extra"),
    ],
)
def test_settings_out_of_range(node: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_settings(node)


def test_resume_repeats_the_recorded_command(tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    record_overrides(folder, ["model=vdsr", "seed=0,1", "hydra.sweep.dir=old", "hydra/launcher=x"])
    record_overrides(folder, ["ignored=1"])
    assert expand([f"sweep.resume={folder}", "seed=0", "sweep.retries=2"]) == [
        "-m",
        "seed=0",
        "sweep.retries=2",
        "model=vdsr",
        "hydra/launcher=x",
        f"hydra.sweep.dir={quote_path(folder)}",
    ]
    assert expand(["-m", "seed=0"]) == ["-m", "seed=0"]


@pytest.mark.parametrize(("mode", "best"), [("max", 1), ("min", 2)])
def test_board(tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: Any, best: int) -> None:
    jobs = [make_job(tmp_path, i, model="vdsr", lr=lr) for i, lr in enumerate((0.1, 0.2, 0.3))]
    for job, state, value in zip(
        jobs, ("failed", "finished", "finished"), (99, 31, 30), strict=True
    ):
        job.state, job.metrics = state, {"val/psnr": float(value)}
    jobs[0].error = "device or trainer: [0, 1] [bold]"
    monitor = SweepMonitor(jobs, tmp_path, Settings(mode=mode))
    with monitor.displayed(table=True):
        pass
    output = capsys.readouterr().out
    assert "[0, 1] [bold]" in output  # brackets are no markup
    assert "vdsr" not in output  # what all jobs share
    assert f"(job {best})" in monitor.line()
    with (tmp_path / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["lr"] for row in rows] == ["0.1", "0.2", "0.3"]
    assert "model" not in rows[0]


@pytest.mark.parametrize(
    ("metric", "seen", "said"),
    [("val/psnr", 0, False), ("val/psnr", 5, True), ("test/psnr", 0, True)],
)
def test_a_table_says_when_it_ranks_by_test_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], metric: str, seen: int, said: bool
) -> None:
    job = make_job(tmp_path)
    job.state, job.metrics = "finished", {metric: 30.0, SEEN: float(seen)}
    SweepMonitor([job], tmp_path, Settings(metric=metric)).print_table()
    assert ("images that they are tested on" in capsys.readouterr().out) is said

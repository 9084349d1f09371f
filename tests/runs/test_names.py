from pathlib import Path
from types import SimpleNamespace

import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf

from sr_experiments.runs.command import JOB_MARK
from sr_experiments.runs.identity import run_group, run_name


def config(**keys: object):
    return OmegaConf.create({"task_name": "train", "seed": 3, "run_dir": "sweeps/day/7", **keys})


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ([], "train"),
        (["model=vdsr", "optim.lr=0.1", "seed=2"], "model=vdsr lr=0.1 seed=2"),
        (["data=t91", "data.root=/data", "logger=wandb", "logger.wandb.offline=false"], "data=t91"),
        (
            ["hydra.run.dir=x", "hydra/launcher=slurm", "device=gpu", "log_images=0", "tags=[a]"],
            "train",
        ),
        (["~data.test.set14", "+model.x=1"], "data.test.set14 x=1"),
        # Keys that end alike are told apart.
        (["loss.weight=1", "model.weight=2"], "loss.weight=1 model.weight=2"),
        (["optim.lr=0.1", "optim.lr=0.2"], "lr=0.2"),
    ],
)
def test_name(overrides: list[str], name: str):
    assert run_name(config(), overrides) == name


def test_long_names_keep_both_ends():
    overrides = [f"model.key_{i}={i}" for i in range(30)]
    name = run_name(config(), overrides)
    assert len(name) == 128
    assert name.startswith("key_0=0 key_1=1")
    assert name.endswith("key_28=28 key_29=29")


def test_a_job_of_a_study(monkeypatch: pytest.MonkeyPatch):
    job = config(study={"name": "vdsr_residual", "size": "mini", "variant": "plain"})
    assert run_name(job, ["model=vdsr", "seed=3"]) == "plain seed 3"
    assert run_group(job) == "vdsr_residual"
    monkeypatch.setenv(JOB_MARK, "1")
    assert run_group(job) == "vdsr_residual day"  # a trial of two epochs is another sweep


def test_group_is_the_sweeps_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def hydra(mode: RunMode) -> None:
        found = SimpleNamespace(mode=mode, sweep=SimpleNamespace(dir="sweeps/night"))
        monkeypatch.setattr(HydraConfig, "get", lambda: found)
        monkeypatch.setattr(HydraConfig, "initialized", lambda: True)

    monkeypatch.delenv(JOB_MARK, raising=False)
    hydra(RunMode.RUN)
    assert run_group(config()) is None
    monkeypatch.setenv(JOB_MARK, "1")  # a process of the launcher
    assert run_group(config()) == "day"
    monkeypatch.chdir(tmp_path)
    assert run_group(config(run_dir="0")) == tmp_path.name
    hydra(RunMode.MULTIRUN)  # a job of a cluster
    assert run_group(config()) == "night"

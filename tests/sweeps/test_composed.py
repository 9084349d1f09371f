"""Finished jobs of a resumed sweep are known from their records, unless anything has changed."""

import json
from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf

from sr_experiments.sweeps.composed import ComposedJobs
from sr_experiments.sweeps.job import Job
from tests.sweeps.sweep_commands import Sweeps

TYPED = ["model=vdsr", "seed=3", "sweep.slots=2"]


def master(conf: Path, *hydra: str, name: str = "train") -> DictConfig:
    sources = [{"schema": "pkg", "path": "hydra.conf"}, {"schema": "file", "path": str(conf)}]
    node = {"overrides": {"hydra": list(hydra)}, "job": {"config_name": name}}
    return OmegaConf.create({"hydra": {**node, "runtime": {"config_sources": sources}}})


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "train.yaml").write_text("seed: 0\n")
    return tmp_path / "conf"


@pytest.fixture
def sweep(tmp_path: Path, conf: Path) -> Path:
    folder = tmp_path / "sweep"
    run = folder / "7"
    run.mkdir(parents=True)
    (run / "config.yaml").write_text("seed: 3\n")
    (run / "status.json").write_text(json.dumps({"state": "finished"}))
    ComposedJobs(folder, master(conf)).keep([Job(7, TYPED, run, {})])
    return folder


def test_a_finished_job_is_read(sweep: Path, conf: Path) -> None:
    known = ComposedJobs(sweep, master(conf, "hydra.sweep.dir=elsewhere", "hydra.mode=MULTIRUN"))
    job = known.finished(7, ["model=vdsr", "seed=3", "sweep.slots=1"])
    assert job is not None
    assert (job.number, job.folder, job.config) == (7, sweep / "7", {"seed": 3})


@pytest.mark.parametrize("number, typed", [(8, TYPED), (7, [*TYPED, "optim.lr=1"])])  # noqa: PT006
def test_another_job_is_composed(sweep: Path, conf: Path, number: int, typed: list[str]) -> None:
    assert ComposedJobs(sweep, master(conf)).finished(number, typed) is None


def test_a_job_that_has_not_finished_is_composed(sweep: Path, conf: Path) -> None:
    (sweep / "7" / "status.json").write_text(json.dumps({"state": "killed"}))
    assert ComposedJobs(sweep, master(conf)).finished(7, TYPED) is None


@pytest.mark.parametrize("file", ["7/config.yaml", ".jobs/composed.json"])
def test_without_a_record_it_is_composed(sweep: Path, conf: Path, file: str) -> None:
    (sweep / file).write_text("{")
    assert ComposedJobs(sweep, master(conf)).finished(7, TYPED) is None


def test_other_files_or_another_command_compose_anew(sweep: Path, conf: Path) -> None:
    for other in (master(conf, name="evaluate"), master(conf, "hydra.job.chdir=true")):
        assert ComposedJobs(sweep, other).finished(7, TYPED) is None
    (conf / "train.yaml").write_text("seed: 1\n")
    assert ComposedJobs(sweep, master(conf)).finished(7, TYPED) is None


@pytest.mark.slow
def test_a_resumed_sweep_composes_what_is_new(sweeps: Sweeps) -> None:
    sweeps.quick("seed=0,1", "hydra.sweep.dir=s")
    frozen = json.loads((sweeps.folder / "s" / ".jobs" / "composed.json").read_text())
    assert list(frozen["jobs"]) == ["0", "1"]
    status, output = sweeps.quick("seed=0,1,2", "hydra.sweep.dir=s")
    assert status == 0, output
    assert "2 of them finished before" in output
    assert len((sweeps.folder / "s" / "2" / "starts").read_text().splitlines()) == 1
    again = json.loads((sweeps.folder / "s" / ".jobs" / "composed.json").read_text())
    assert again["source"] == frozen["source"]
    assert list(again["jobs"]) == ["0", "1", "2"]

"""What is wrong with a sweep is said in one line before anything starts, and nothing stays."""

import pytest

from tests.sweeps.sweep_commands import Sweeps


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["model.depht=3,4"], "error: model.depht: there is no such key; did you mean model.depth"),
        (["model.depth=3,x"], "error: model.depth: expected an integer of at least 2, got 'x'\n"),
        (["model.depth=3,1"], "error: model.depth: expected an integer of at least 2, got 1\n"),
        (["seed=0,1", "sweep.metric=val/pnsr"], "error: sweep.metric=val/pnsr: job 0 (seed=0)"),
        (["seed=0,1", "device.devices=[0]"], "error: device.devices=[0]: in a sweep, give how"),
        (["seed=0,1", "sweep.estimat=true"], "error: sweep.estimat: "),
        (
            ["hparams_search=vdsr_optuna", "model.depht=choice(3,4)"],
            "error: model.depht: there is no",
        ),
        (["study=vdsr_depth", "study.size=tiny", "model.channels=x"], "error: model.channels: "),
    ],
)
def test_nothing_stays(sweeps: Sweeps, typed: list[str], message: str) -> None:
    status, output = sweeps.quick(*typed, "hydra.sweep.dir=s")
    assert (status, output.count("\n")) == (2, 1), output
    assert output.startswith(message)
    assert not (sweeps.folder / "s").exists()


def test_what_was_there_stays(sweeps: Sweeps) -> None:
    assert sweeps.quick("seed=0,1", "hydra.sweep.dir=s")[0] == 0
    before = {p: p.read_bytes() for p in (sweeps.folder / "s").rglob("*") if p.is_file()}
    for typed in (["seed=x"], ["seed=0,1", "device.devices=[0]"]):
        assert sweeps.quick(*typed, "hydra.sweep.dir=s")[0] == 2
    after = {p: p.read_bytes() for p in (sweeps.folder / "s").rglob("*") if p.is_file()}
    assert after == before


def test_an_error_of_a_job_is_said_without_hydras_line(sweeps: Sweeps) -> None:
    status, output = sweeps.quick("tags=[fail],[finish]", "hydra.sweep.dir=s")
    assert status == 1
    assert "Error executing job" not in output
    assert output.endswith("the first that did not: job 0: it went wrong\n")

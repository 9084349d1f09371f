"""Trials that fall behind are ended, and stay so."""

import csv
from pathlib import Path

import pytest

from sr_experiments.errors import ConfigError
from sr_experiments.runs.checkpoints import resume_point
from sr_experiments.runs.status import infer_state, read_status
from sr_experiments.sweeps.job import Job
from tests.sweeps import quick_job
from tests.sweeps.sweep_commands import ROOT, Sweeps

optuna = pytest.importorskip("optuna")

from sr_experiments.sweeps.pruning import PruneWatch, make_pruner  # noqa: E402

QUICK = ROOT / "tests" / "sweeps" / "quick_job.py"


def write_curve(folder: Path, values: list[float]) -> None:
    folder.mkdir(exist_ok=True)
    rows = [f"{n},{10 * n},{value}" for n, value in enumerate(values)]
    (folder / "metrics.csv").write_text("\n".join(["epoch,step,val/psnr", *rows, ""]))


def follow(watch: PruneWatch, folder: Path, number: int, values: list[float]) -> str | None:
    write_curve(folder, values)
    watch.looked.clear()
    return watch(Job(number, [], folder, {}))


def test_median(tmp_path: Path) -> None:
    study = optuna.create_study(direction="maximize", pruner=make_pruner("median", 2))
    for value in (30.0, 31.0, 32.0, 33.0, 34.0):
        trial = study.ask()
        for step in (1, 2, 3):
            trial.report(value, step)
        study.tell(trial, value)
    good, bad = study.ask(), study.ask()
    watch = PruneWatch([good, bad], "val/psnr")
    assert follow(watch, tmp_path, bad.number, [20.0]) is None  # the grace
    assert follow(watch, tmp_path, good.number, [33.0, 33.0, 33.0]) is None
    said = follow(watch, tmp_path, bad.number, [20.0, 20.5])
    assert said == "pruned at measurement 2, with val/psnr 20.5"


def test_asha_keeps_the_best_third(tmp_path: Path) -> None:
    study = optuna.create_study(direction="maximize", pruner=make_pruner("asha", 2))
    trials = [study.ask() for _ in range(6)]
    watch = PruneWatch(trials, "val/psnr")
    for trial, value in zip(trials, (6.0, 5.0, 4.0, 3.0, 2.0, 1.0), strict=True):
        assert follow(watch, tmp_path, trial.number, [value]) is None
    ended = [
        follow(watch, tmp_path, trial.number, [value, value]) is not None
        for trial, value in zip(trials, (6.0, 5.0, 4.0, 3.0, 2.0, 1.0), strict=True)
    ]
    assert ended == [False, True, True, True, True, True]


def test_a_file_that_is_being_written_ends_no_trial(tmp_path: Path) -> None:
    study = optuna.create_study(pruner=make_pruner("asha", 1))
    watch = PruneWatch([study.ask()], "val/psnr")
    (tmp_path / "metrics.csv").write_text("epoch,st")
    assert watch(Job(0, [], tmp_path, {})) is None


@pytest.mark.parametrize(("kind", "grace"), [("mean", 1), ("asha", 0)])
def test_refusals(kind: str, grace: int) -> None:
    with pytest.raises(ConfigError, match=r"hydra.sweeper.(pruner|grace): must be"):
        make_pruner(kind, grace)


@pytest.mark.long
def test_a_search_ends_trials_and_keeps_them_so(sweeps: Sweeps) -> None:
    arguments = (
        "hydra/sweeper=optuna",
        "hydra.sweeper.trials=4",
        "hydra.sweeper.at_once=4",
        "hydra.sweeper.pruner=asha",
        "hydra.sweeper.grace=2",
        "sweep.slots=1",
        "seed=range(0,1000)",
        "tags=[curve:12]",
        "hydra.sweep.dir=s",
    )
    status, output = sweeps.quick(*arguments)
    folder = sweeps.folder / "s"
    with (folder / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    pruned = [row for row in rows if row["state"] == "pruned"]
    assert pruned, output
    assert {row["state"] for row in rows} <= {"finished", "pruned"}
    assert f", 0 failed, {len(pruned)} pruned" in output
    place = folder / pruned[0]["job"]
    recorded = read_status(place)
    assert infer_state(place, recorded, begun=True)[0] == "pruned"
    assert recorded["error"]["kind"] == "pruned"
    assert not resume_point(place).finished  # a person may continue it
    study = optuna.load_study(study_name="sweep", storage=f"sqlite:///{folder}/optuna.db")
    assert sum(t.state.name == "PRUNED" for t in study.trials) == len(pruned)
    starts = [(folder / row["job"] / "starts").read_text() for row in rows]

    status, output = sweeps.run(QUICK, "sweep.resume=s")
    assert status == 0, output
    assert [(folder / row["job"] / "starts").read_text() for row in rows] == starts
    assert quick_job.finishes(place) == 0

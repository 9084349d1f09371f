"""Searches with Optuna."""

import csv
import signal
import time
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from sr_experiments.errors import ConfigError
from tests.sweeps import quick_job
from tests.sweeps.sweep_commands import ROOT, Sweeps

optuna = pytest.importorskip("optuna")

from sr_experiments.sweeps import search  # noqa: E402

QUICK = ROOT / "tests" / "sweeps" / "quick_job.py"


def test_space() -> None:
    typed = [
        "a=tag(log, interval(0.001, 0.1))",
        "b=range(4, 9, 2)",
        "c=choice(x, 2)",
        "d=[1, 2]",
        "e=0.1,0.01",
    ]
    fixed, searched = search.split(OverridesParser.create().parse_overrides(typed))
    assert fixed == ["d=[1,2]"]
    assert searched == {
        "a": optuna.distributions.FloatDistribution(0.001, 0.1, log=True),
        "b": optuna.distributions.IntDistribution(4, 8, step=2),
        "c": optuna.distributions.CategoricalDistribution(["x", "2"]),
        "e": optuna.distributions.CategoricalDistribution(["0.1", "0.01"]),
    }


def test_logarithm_of_zero() -> None:
    overrides = OverridesParser.create().parse_overrides(["a=tag(log, interval(0, 1))"])
    with pytest.raises(ConfigError, match="a: a logarithmic interval"):
        search.split(overrides)


def states(folder: Path) -> list[str]:
    with (folder / "sweep.csv").open() as file:
        return [row["state"] for row in csv.DictReader(file)]


@pytest.mark.long
@pytest.mark.slow
def test_search_is_killed_and_resumed(sweeps: Sweeps) -> None:
    arguments = (
        "-m",
        "hparams_search=vdsr_optuna",
        "hydra.sweeper.trials=5",
        "seed=range(0, 1000)",
        "tags=[sleep:0.3]",
        "hydra.sweep.dir=s",
    )
    folder = sweeps.folder / "s"
    process = sweeps.start(QUICK, *arguments)
    end = time.monotonic() + 60
    while not (folder / "2" / "config.yaml").exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    time.sleep(0.5)
    first = (folder / "0" / "config.yaml").read_text()
    status, output = sweeps.run(QUICK, "sweep.resume=s")
    assert status == 0, output
    assert states(folder) == ["finished"] * 5
    assert (folder / "0" / "config.yaml").read_text() == first
    for job in range(5):
        assert quick_job.finishes(folder / str(job)) == 1
    study = optuna.load_study(study_name="sweep", storage=f"sqlite:///{folder}/optuna.db")
    values = {trial.number: trial.value for trial in study.trials}
    assert values == {trial.number: trial.params["seed"] for trial in study.trials}
    assert len(set(values.values())) > 3  # proposals of the second start are new ones
    assert output.count("sweep folder") == 1


def test_nothing_to_search(sweeps: Sweeps) -> None:
    status, output = sweeps.quick("hydra/sweeper=optuna", "seed=1")
    assert status == 2
    assert "nothing to search" in output

"""Values that are crossed and values that are paired."""

import csv

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from sr_experiments.errors import ConfigError
from sr_experiments.sweeps.grid import combinations
from tests.sweeps.sweep_commands import Sweeps


def jobs(*typed: str, paired: list[str]) -> list[list[str]]:
    return combinations(OverridesParser.create().parse_overrides(list(typed)), {"zip": paired})


def test_pairs() -> None:
    typed = ("optim.lr=0.1,0.01", "clipping.theta=1,2", "model=vdsr", "seed=range(0,2)")
    assert jobs(*typed, paired=["optim.lr", "clipping.theta"]) == [
        ["model=vdsr", "seed=0", "optim.lr=0.1", "clipping.theta=1"],
        ["model=vdsr", "seed=0", "optim.lr=0.01", "clipping.theta=2"],
        ["model=vdsr", "seed=1", "optim.lr=0.1", "clipping.theta=1"],
        ["model=vdsr", "seed=1", "optim.lr=0.01", "clipping.theta=2"],
    ]


def test_without_pairs_everything_is_crossed() -> None:
    assert jobs("a=1,2", "b=3,4", paired=[]) == [
        ["a=1", "b=3"],
        ["a=1", "b=4"],
        ["a=2", "b=3"],
        ["a=2", "b=4"],
    ]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (("a=1,2", "b=3,4,5"), "sweep.zip: a has 2 values and b has 3; pairs need as many of each"),
        (("a=1,2", "b=3"), "sweep.zip: b has no values to pair"),
        (("a=1,2",), "sweep.zip: b has no values to pair"),
        (("a=1,2", "b=interval(0,1)"), "sweep.zip: b is an interval"),
    ],
)
def test_refusals(typed: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        jobs(*typed, paired=["a", "b"])


def test_a_sweep_of_pairs(sweeps: Sweeps) -> None:
    status, output = sweeps.quick(
        "optim.lr=0.1,0.01",
        "clipping.theta=0.5,0.25",
        "sweep.zip=[optim.lr,clipping.theta]",
        "hydra.sweep.dir=s",
    )
    assert status == 0, output
    with (sweeps.folder / "s" / "sweep.csv").open() as file:
        rows = [(row["optim.lr"], row["clipping.theta"]) for row in csv.DictReader(file)]
    assert rows == [("0.1", "0.5"), ("0.01", "0.25")]

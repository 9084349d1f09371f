"""From a study to its jobs."""

from typing import Any

import pytest
from omegaconf import OmegaConf

from sr_experiments.errors import ConfigError
from sr_experiments.studies.study import study_jobs
from tests.studies.test_study import node


def planned(*typed: list[str], **changes: Any) -> list[list[str]]:
    return study_jobs(OmegaConf.create({"study": node(**changes)}), typed or [[]])


def values(job: list[str]) -> dict[str, str]:
    """What counts: the last override of each key."""
    return dict(override.split("=", 1) for override in job)


def test_every_arm_with_every_seed_seed_by_seed():
    got = [(values(job)["seed"], values(job)["study.variant"]) for job in planned()]
    assert got == [("0", "a"), ("0", "b"), ("1", "a"), ("1", "b")]
    for job in planned():
        assert values(job)["model.depth"] == "4"
        assert values(job)["optim.lr"] == {"a": "0.1", "b": "0.01"}[values(job)["study.variant"]]


def test_no_key_is_given_twice_and_what_is_typed_wins():
    for job in planned(["study=small", "model.depth=6", "optim.lr=1"]):
        assert len({o.partition("=")[0] for o in job}) == len(job)
        assert values(job)["model.depth"] == "6"
        assert values(job)["optim.lr"] == "1"


def test_an_arm_wins_over_the_recipe():
    variants = {"deep": ["model.depth=9"], "b": []}
    first = planned(variants=variants, claims=[], published=[])[0]
    assert [o for o in first if o.startswith("model.depth")] == ["model.depth=9"]


@pytest.mark.parametrize("mark", ["", "+", "++", "~"])
def test_marks_do_not_hide_a_key(mark: str):
    recipes = {"tiny": ["model=vdsr", "~data.test.set14"]}
    typed = [f"{mark}data.test.set14" + ("" if mark == "~" else "=[Set14]")]
    for job in planned(typed, recipes=recipes):
        assert [o for o in job if "set14" in o] == typed


def test_a_typed_sweep_multiplies():
    jobs_of_both = planned(["model.depth=4"], ["model.depth=6"])
    assert len(jobs_of_both) == 8
    assert [values(j)["model.depth"] for j in jobs_of_both] == ["4", "4", "6", "6"] * 2


def test_further_seeds_come_last():
    typed = ["model.depth=4"], ["model.depth=6"]
    few, more = (planned(*typed, seeds=seeds) for seeds in ([0, 1], [0, 1, 2]))
    assert more[: len(few)] == few
    assert {values(job)["seed"] for job in more[len(few) :]} == {"2"}


def test_typed_seeds_replace_those_of_the_study():
    got = planned(["seed=7"], ["seed=8"])
    assert [(values(j)["seed"], values(j)["study.variant"]) for j in got] == [
        ("7", "a"),
        ("7", "b"),
        ("8", "a"),
        ("8", "b"),
    ]


def test_needs_a_study():
    with pytest.raises(ConfigError, match="study=NAME"):
        study_jobs(OmegaConf.create({"seed": 0}), [[]])

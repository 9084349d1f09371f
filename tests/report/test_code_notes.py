"""Runs of one comparison on different code."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from sr_experiments.report.code_notes import code_notes
from sr_experiments.report.environment import make_environment
from sr_experiments.runs.read import Run

RUN = Run(Path("s/0"), "finished", config={"seed": 0, "study": {"variant": "plain"}})


def runs(*environments: dict[str, Any]) -> list[Run]:
    return [
        replace(RUN, config={**RUN.config, "seed": n}, environment=each)
        for n, each in enumerate(environments)
    ]


def test_the_same_code_is_not_mentioned() -> None:
    same = {"git": "a" * 40, "git_changes": True, "git_diff": "12", "code": "99"}
    assert code_notes(runs(same, same)) == []
    assert code_notes(runs({})) == []


def test_different_code_names_the_runs() -> None:
    one = {"git": "a" * 40, "git_changes": False, "git_diff": None, "code": "99"}
    other = {"git": "a" * 40, "git_changes": True, "git_diff": "12", "code": "77"}
    (note,) = code_notes(runs(one, other, other))
    assert note == (
        "Runs were computed by different code, which may explain differences: code 99 "
        "(aaaaaaaaaa): plain seed 0; code 77 (aaaaaaaaaa with changes 12): plain seed 1, "
        "plain seed 2."
    )
    assert note in make_environment(runs(one, other, other))[1]


def test_a_commit_that_changed_no_code_is_said_so() -> None:
    one, other = {"git": "a" * 40, "code": "99"}, {"git": "b" * 40, "code": "99"}
    (note,) = code_notes(runs(one, other))
    assert note.endswith("the code that computes is the same.")


def test_runs_without_a_hash_are_told_apart_by_their_commits() -> None:
    one, other = {"git": "a" * 40, "git_changes": True}, {"git": "a" * 40, "code": "99"}
    (note,) = code_notes(runs(one, other))
    assert "aaaaaaaaaa with changes: plain seed 0; aaaaaaaaaa: plain seed 1." in note

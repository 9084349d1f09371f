"""Which runs are the same, and how their keys and overrides are read."""

from typing import Any

import pytest

from sr_experiments.runs.command import (
    ParsedOverride,
    override_keys,
    override_values,
    parse_override,
)
from sr_experiments.runs.identity import differences, flatten, matters, signature, varies

CONFIG: dict[str, Any] = {
    "run_dir": "/runs/0",
    "tags": ["a"],
    "seed": 0,
    "ckpt_path": None,
    "data": {"root": "/data", "num_workers": 2, "val": {}},
    "device": {"accelerator": "cpu", "devices": 1, "precision": "32-true"},
    "callbacks": {"last": {"dirpath": "/runs/0/checkpoints"}, "own": {"file": "/runs/0/x"}},
}


def test_flatten() -> None:
    nested = {"a": {"b": 1, "c": {}}, "d": [{"e": 2}], "f": None}
    assert flatten(nested) == {"a.b": 1, "d": [{"e": 2}], "f": None}


def test_a_signature_holds_what_matters() -> None:
    assert signature(CONFIG) == {
        "seed": 0,
        "ckpt_path": None,
        "data.root": "/data",
        "device.devices": 1,
        "device.precision": "32-true",
        "callbacks.own.file": "./x",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"tags": []},
        {"data": {"root": "/data", "num_workers": 0}},
        {"device": {"accelerator": "gpu", "devices": 1, "precision": "32-true"}},
        {"ckpt_path": "/runs/0/checkpoints/last.ckpt"},
        {"study": {"name": "a", "variant": "b"}},
        {"study": {"seeds": [0, 1], "variants": {"a": []}, "claims": []}},
        {"sweep": {"retries": 1}, "logger": {"wandb": {}}},
    ],
)
def test_surroundings_make_no_other_run(change: dict[str, Any]) -> None:
    assert differences(CONFIG, {**CONFIG, **change}) == {}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"seed": 1}, "seed"),
        ({"ckpt_path": "/runs/1/checkpoints/last.ckpt"}, "ckpt_path"),
        ({"data": {"root": "/other", "num_workers": 2}}, "data.root"),
        ({"device": {"devices": 2, "precision": "32-true"}}, "device.devices"),
        ({"optim": {"lr": 1}}, "optim.lr"),
    ],
)
def test_what_changes_results_makes_another_run(change: dict[str, Any], key: str) -> None:
    assert list(differences(CONFIG, {**CONFIG, **change})) == [key]


def test_seeds_and_places_repeat_a_configuration() -> None:
    assert all(map(matters, ("seed", "data.seed", "data.root")))
    assert not any(map(varies, ("seed", "data.seed", "data.root", "ckpt_path", "tags")))
    assert varies("study.size")


@pytest.mark.parametrize(
    ("text", "key", "value", "path"),
    [
        ("optim.lr=0.1", "optim.lr", "0.1", "optim.lr"),
        ("++a.b=[1, 'x=y']", "a.b", "[1, 'x=y']", "a.b"),
        ("~data.test.set14", "data.test.set14", "", "data.test.set14"),
        ("hydra/launcher=slurm", "hydra/launcher", "slurm", "hydra.launcher"),
        ("+optim@teacher.optim=sgd", "optim@teacher.optim", "sgd", "optim"),
        ("lr=choice(0.1,0.2)", "lr", "choice(0.1,0.2)", "lr"),
        ("+a=(not Hydra's", "a", "(not Hydra's", "a"),
        ("a=${b}", "a", "${b}", "a"),
    ],
)
def test_overrides_are_taken_apart(text: str, key: str, value: str, path: str) -> None:
    assert parse_override(text) == ParsedOverride(key, value)
    assert parse_override(text).path == path


def test_of_repeated_overrides_the_last_counts() -> None:
    typed = ["lr=1", "+seed=2", "lr=3"]
    assert override_values(typed) == {"lr": "3", "seed": "2"}
    assert override_keys(typed) == ["lr", "seed", "lr"]

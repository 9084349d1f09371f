"""A run repeated from its own record."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from sr_experiments.errors import ConfigError
from sr_experiments.runs.rerun import compare_outcomes, expand_rerun, repeated_config
from tests.commands import Command
from tests.sweeps.sweep_commands import TINY

TYPED = ["model=vdsr", "seed=3", "ckpt_path=x.ckpt", "hydra.run.dir=elsewhere"]


def run(folder: Path, metrics: dict[str, float], **more: Any) -> Path:
    folder.mkdir()
    config = {
        "run_dir": "/old/run",
        "ckpt_path": "/old/run/checkpoints/last.ckpt",
        "optim": {"lr": 0.1},
        "callbacks": {"last": {"dirpath": "/old/run/checkpoints"}},
        "study": {"name": "s", "variant": "plain"},
        "data": {"cache": "/old/cache", "steps": 3},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "overrides.yaml").write_text(yaml.safe_dump(TYPED))
    (folder / "status.json").write_text(
        json.dumps({"state": "finished", "metrics": metrics, **more})
    )
    (folder / "environment.json").write_text(json.dumps({"code": folder.name, "git": "a"}))
    return folder


def test_what_was_typed_comes_back_without_places(tmp_path: Path) -> None:
    folder = run(tmp_path / "a", {})
    assert expand_rerun(["model=edsr"]) == ["model=edsr"]
    assert expand_rerun(["rerun=null"]) == ["rerun=null"]
    typed = [f"rerun={folder}", "device=cpu", "log_images=1"]
    assert expand_rerun(typed) == [*typed, "model=vdsr", "seed=3"]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["optim.lr=1"], "so that optim.lr=1 cannot be given too"),
        (["-m"], "repeats one run; leave out -m"),
    ],
)
def test_nothing_that_matters_is_typed_beside(
    tmp_path: Path, typed: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        expand_rerun([f"rerun={run(tmp_path / 'a', {})}", *typed])


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no run in this folder"):
        expand_rerun([f"rerun={tmp_path}"])


def test_recorded_values_win_over_what_the_files_say_now(tmp_path: Path) -> None:
    now = {
        "rerun": str(run(tmp_path / "a", {})),
        "run_dir": "/new",
        "ckpt_path": None,
        "optim": {"lr": 5},
        "callbacks": {"last": {"dirpath": "/new/checkpoints"}},
        "study": {"name": "s", "variant": "plain", "title": "of the file"},
        "data": {"cache": "/new/cache", "steps": 9},
    }
    config = repeated_config(OmegaConf.create(now))
    assert config.optim.lr == 0.1
    assert config.data == {"cache": "/new/cache", "steps": 3}
    assert config.run_dir == "/new"
    assert config.ckpt_path is None
    assert config.callbacks.last.dirpath == "/new/checkpoints"
    assert config.study.title == "of the file"
    composed = OmegaConf.create({**now, "rerun": None})
    assert repeated_config(composed) is composed
    with pytest.raises(ConfigError, match="give another folder"):
        repeated_config(OmegaConf.create({**now, "run_dir": now["rerun"]}))


def test_outcomes(tmp_path: Path) -> None:
    a = run(tmp_path / "a", {"val/psnr": 30.0, "train/seconds": 1.0, "x": float("nan")})
    b = run(tmp_path / "b", {"val/psnr": 30.0, "train/seconds": 9.0, "x": float("nan")})
    c = run(tmp_path / "c", {"val/psnr": 30.5, "train/seconds": 1.0, "x": 1.0})
    error = {"kind": "diverged", "message": "the loss is nan"}
    d = run(tmp_path / "d", {}, state="failed", error=error)
    assert compare_outcomes(a, b) == [
        f"rerun: the same outcome as {a}: 2 metrics agree to the last digit"
    ]
    assert compare_outcomes(a, c) == [
        f"rerun: 2 of 2 metrics differ from those of {a}",
        "  x: nan then, 1 now, +nan",
        "  val/psnr: 30 then, 30.5 now, +0.5",
        "  differs too: code a -> c",
    ]
    assert compare_outcomes(a, d)[0].endswith("finished, now failed the loss is nan")


@pytest.mark.long
def test_a_training_comes_to_the_same_end(tmp_path: Path) -> None:
    first = Command("train", [*TINY, "seed=5", "hydra.run.dir=a"], tmp_path, {})
    assert first.wait() == 0, first.printed
    again = Command("train", ["rerun=a", "hydra.run.dir=b"], tmp_path, {})
    assert again.wait() == 0, again.printed
    assert "rerun: the same outcome as a: 14 metrics agree to the last digit" in again.printed

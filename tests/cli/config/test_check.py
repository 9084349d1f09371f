"""Mistakes are named before anything heavy is imported, with the words that help."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from sr_experiments.cli.config.check import check_config, check_preparation
from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.config.instantiate import _hints, _locate, resolve_config
from sr_experiments.cli.config.signatures import read_signature
from sr_experiments.errors import ConfigError

ROOT = Path(__file__).parents[3]


def composed(*overrides: str, name: str = "train") -> DictConfig:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose(name, [*overrides, *["run_dir=unused"] * (name != "prepare")])


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("trainer.max_time=10", "trainer.max_time: expected days:hours:minutes:seconds"),
        ("trainer.max_time=never", "as 00:00:10:00, or null, got 'never'"),
        ("device.precision=13", "device.precision: expected 64, .*bf16-mixed.* or null, got 13"),
        ("trainer.check_val_every_n_epoch=0", "every_n_epoch: must be at least 1, got 0"),
        ("device.effective_batch=0", "device.effective_batch: must be at least 1, got 0"),
        ("device.effective_batch=x", "effective_batch: expected an integer or null, got 'x'"),
        ("device.scale_lr=log", "device.scale_lr: expected linear, sqrt or null, got 'log'"),
        ("model.depth=1", "model.depth: expected an integer of at least 2, got 1"),
        ("model.channels=0", "model.channels: expected an integer of at least 1, got 0"),
        ("optim.lr=-1", "optim.lr: expected a number of at least 0, got -1"),
        ("data.steps_per_epoch=0", "expected an integer of at least 1 or null, got 0"),
        ("data.num_workers=-2", "data.num_workers: expected an integer of at least 0, got -2"),
        ("patches.size=-41", "patches.size: expected an integer of at least 1, got -41"),
        ("clipping.theta=0", "clipping.theta: expected a number above 0, got 0"),
        ("degradation.blur=-1", "degradation.blur: expected a number of at least 0, got -1"),
        ("degradation.sigma=a", r"^degradation.sigma: expected a number or a list, \[...\], got"),
        ("++data.test.mine=x", r"^data.test.mine: expected a list, \[...\], got 'x'"),
        ("++callbacks.ema.decay=0.9", "callbacks.ema: has no _target_; choose callbacks=ema, or"),
        ("++callbacks.gaurd.factor=1", "did you mean callbacks.guard"),
        ("++metrics.lpips.net=vgg", r"metrics.lpips: has no _target_; choose metrics=\[lpips\]"),
        ("~data.train", "^data.train: is needed; leave ~data.train out$"),
        ("~sweep", "^sweep: is needed; leave ~sweep out$"),
        ("+callbacks.guard.factr=1", "callbacks.guard.factr: there is no .*did you mean factor"),
    ],
)
def test_messages(typed: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_config(composed(typed))


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("workers=x", "workers: expected an integer or null, got 'x'"),
        ("workers=-1", "workers: must be at least 0, got -1"),
        ("keep_archives=7", r"keep_archives: expected a boolean .*, got 7"),
        ("degradation.sigma=a", "degradation.sigma: expected a number or a list"),
        (
            "dataset.folders.T91.images=many",
            "T91.images: expected an integer, got 'many'",
        ),
        (
            "+dataset.folders.T91.image=1",
            "T91.image: there is no such key; did you mean",
        ),
        ("~root", "^root: is needed; leave ~root out$"),
        ("+datasets=1", "datasets: there is no such key; did you mean dataset"),
    ],
)
def test_messages_of_a_preparation(typed: str, message: str) -> None:
    check_preparation(composed("dataset=sr291", name="prepare"))
    with pytest.raises(ConfigError, match=message):
        check_preparation(composed("dataset=sr291", typed, name="prepare"))


def test_a_recipe_beside_other_callbacks() -> None:
    with pytest.raises(ConfigError, match=r"callbacks\.ema: has no _target_; choose callbacks=ema"):
        check_config(composed("experiment=srgan_mini", "callbacks=default"))


def test_one_scale_is_a_list_of_one() -> None:
    config = composed("model.scales=2")
    assert check_config(config)["model"]["scales"] == [2]
    assert resolve_config(config)["model"]["scales"] == [2]


def test_type_errors_need_no_torch(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "train.py", "model.depth=x", "model.channels=4"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 2
    assert "error: model.depth: expected an integer of at least 2, got 'x'\n" in done.stderr
    for package in ("torch", "pytorch_lightning"):
        assert not [line for line in done.stderr.splitlines() if line.endswith(f" {package}")]


TARGETS = sorted(
    {
        line.partition("_target_: ")[2].strip()
        for path in conf_dir().glob("**/*.yaml")
        for line in path.read_text().splitlines()
        if line.strip().startswith("_target_: sr_experiments.")
    }
)


@pytest.mark.parametrize("target", TARGETS)
def test_source_says_what_python_says(target: str) -> None:
    signature, located = read_signature(target), _locate("key", target)
    if signature is None:
        assert "__init__" not in vars(located)
        return
    hints = _hints(located)
    hints.pop("return", None)
    assert set(hints) <= set(signature.hints) or signature.open_ended
    for name in ("depth", "lr", "channels", "scales", "theta", "blur"):
        if name in hints:
            assert _plain(signature.hints[name]) == _plain(hints[name])


def _plain(hint: Any) -> str:
    return str(hint).replace("typing.", "").replace("collections.abc.", "")


@pytest.mark.parametrize("target", ["nowhere.Thing", "sr_experiments.models.Nothing", "x", ""])
def test_what_source_does_not_tell_is_left_open(target: str) -> None:
    assert read_signature(target) is None

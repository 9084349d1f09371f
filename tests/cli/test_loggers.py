"""Loggers of others by their names; W&B's and TensorBoard's have a file of their own."""

import sqlite3
from pathlib import Path

import pytest

from sr_experiments.cli import build
from tests.cli.conftest import TINY, Command


@pytest.mark.parametrize("name", ["mlflow", "trackio"])
def test_a_missing_package_is_named(
    name: str, command: Command, images: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "find_spec", lambda _: None)
    done = command("train", *images, *TINY, f"logger={name}")
    assert done.code == 2
    assert f"pip install 'sr-experiments[{name}]'" in done.err


def test_mlflow_gets_the_same_names(command: Command, images: list[str], tmp_path: Path) -> None:
    pytest.importorskip("mlflow", reason="needs the extra [mlflow]")
    database = tmp_path / "runs.db"
    uri = f"logger.mlflow.tracking_uri=sqlite:///{database}"
    done = command("train", *images, *TINY, "model=vdsr", "logger=mlflow", uri)
    assert done.code == 0, done.err
    with sqlite3.connect(database) as connection:
        names = {key for (key,) in connection.execute("select key from metrics")}
        runs = connection.execute("select name, status from runs").fetchall()
    assert {"train/loss", "val/psnr", "test/psnr"} <= names
    ((name, status),) = runs
    assert "depth=3" in name
    assert status == "FINISHED"

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from sr_experiments.cli import app

TINY = [
    "model.depth=3",
    "model.channels=4",
    "trainer.max_epochs=2",
    "trainer.check_val_every_n_epoch=1",
    "trainer.log_every_n_steps=1",
    "data.batch_size=4",
    "data.steps_per_epoch=2",
    "patches.size=24",
    "patches.stride=24",
    "log_images=1",
]


@dataclass
class Result:
    code: int
    out: str
    err: str
    folder: Path

    @property
    def status(self) -> dict:
        return json.loads((self.folder / "status.json").read_text())


Command = Callable[..., Result]


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs a script in this process: command("train", "optim.lr=0.1", run="a")."""

    def call(name: str, *overrides: str, run: str = "run") -> Result:
        folder = tmp_path / run
        arguments = [f"{name}.py", f"hydra.run.dir={folder}", "device=cpu", *overrides]
        monkeypatch.setattr(sys, "argv", arguments)
        GlobalHydra.instance().clear()
        code = 0
        try:
            getattr(app, name)()
        except SystemExit as stop:
            code = int(stop.code or 0)
        printed = capsys.readouterr()
        return Result(code, printed.out, printed.err, folder)

    return call


@pytest.fixture
def images(make_images) -> list[str]:
    """Overrides for a small folder of images."""
    train_folder = make_images("data/train", 3)
    make_images("data/test", 5, 48, 50)
    return ["data=folder", f"data.root={train_folder.parent}"]

"""``python prepare.py dataset=sr291``: fetches or imports a published set and builds its stores."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import DictConfig
from rich.table import Table

from sr_experiments.cli.config.check import check_preparation
from sr_experiments.cli.config.instantiate import build, check_arguments
from sr_experiments.data.prepare import install
from sr_experiments.data.prepare.catalogue import Folder, Published, Recipe
from sr_experiments.data.prepare.download import RemoteFile
from sr_experiments.data.prepare.install import State
from sr_experiments.errors import ConfigError
from sr_experiments.imaging import Degradation
from sr_experiments.terminal import print_table

Made = TypeVar("Made")


def prepare(composed: DictConfig) -> None:
    """Prepares a set and says what is there."""
    config = check_preparation(composed)
    states = install.prepare(
        _published(config["dataset"], build("degradation", config["degradation"])),
        Path(config["root"]).expanduser(),
        Path(config["cache"]).expanduser(),
        Path(config["source"]).expanduser() if config["source"] else None,
        config["keep_archives"],
        config["workers"],
    )
    _print(config["dataset"]["name"], states, config["root"])


def _published(content: Any, degradation: Degradation) -> Published:
    folders = {
        name: _make(f"dataset.folders.{name}", Folder, folder)
        for name, folder in content["folders"].items()
    }
    files = [_make("dataset.files", RemoteFile, file) for file in content["files"]]
    recipes = [
        _make("dataset.recipes", Recipe, {**recipe, "degradation": degradation})
        for recipe in content["recipes"]
    ]
    return Published(content["name"], folders, files, recipes)


def _make(key: str, kind: Callable[..., Made], content: Mapping[str, Any]) -> Made:
    """Calls a class with a part of the configuration.

    Raises:
        ConfigError: a key is missing, unknown or of the wrong type.
    """
    check_arguments(key, kind, content)
    try:
        return kind(**content)
    except TypeError as error:
        raise ConfigError(f"{key}: {error}") from None


def _print(name: str, states: Sequence[State], root: str) -> None:
    table = Table(title=f"{name} in {root}", title_justify="left", title_style="")
    for heading in ("folder", "images", "width", "height", "pixels", "remarks"):
        table.add_column(heading, overflow="fold")
    for state in states:
        sizes = [f"{low}..{high}" for low, high in (state.width, state.height)]
        table.add_row(state.folder, str(state.images), *sizes, state.pixels, state.note)
    print_table(table)

"""The jobs of a command line: every value with every other, or values in pairs."""

from collections.abc import Mapping, Sequence
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import Override

from sr_experiments.errors import ConfigError
from sr_experiments.sweeps.settings import read_settings


def combinations(overrides: Sequence[Override], sweep: Mapping[Any, Any]) -> list[list[str]]:
    """The overrides of each job; those of keys that are paired change together, and fastest.

    Args:
        overrides: as typed, with several values where they are a sweep.
        sweep: the ``sweep`` keys of the configuration, of which ``zip`` names the paired ones.

    Raises:
        ConfigError: a paired key has one value only, or another number of values than the first.
    """
    paired = read_settings(sweep).zip
    rows = _rows(overrides, paired)
    rest = [override for override in overrides if override.get_key_element() not in paired]
    crossed: list[list[str]] = BasicSweeper.split_arguments(rest, None)[0]
    return [[*combination, *row] for combination in crossed for row in rows]


def _rows(overrides: Sequence[Override], paired: Sequence[str]) -> list[list[str]]:
    """The first values of all paired keys, the second ones, and so on."""
    typed = {override.get_key_element(): override for override in overrides}
    columns = []
    for key in paired:
        override = typed.get(key)
        if override is None or not override.is_sweep_override():
            raise ConfigError(f"sweep.zip: {key} has no values to pair; give {key}=VALUE,VALUE,...")
        if override.is_discrete_sweep():
            columns.append([f"{key}={value}" for value in override.sweep_string_iterator()])
        else:
            raise ConfigError(f"sweep.zip: {key} is an interval; give {key}=VALUE,VALUE,...")
    for key, column in zip(paired, columns, strict=True):
        if len(column) != len(columns[0]):
            raise ConfigError(
                f"sweep.zip: {paired[0]} has {len(columns[0])} values and {key} has "
                f"{len(column)}; pairs need as many of each"
            )
    return [list(row) for row in zip(*columns, strict=True)] if columns else [[]]

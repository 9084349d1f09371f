"""``sweep.resume=FOLDER``: the command line that a folder was made with, once more."""

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from sr_experiments.errors import ConfigError
from sr_experiments.files import write_whole
from sr_experiments.runs.command import parse, quoted
from sr_experiments.runs.records import OVERRIDES, read_overrides

_OPTION = re.compile(r"\+*sweep\.resume=(?P<folder>.+)")


def record_overrides(folder: Path, overrides: Sequence[str]) -> None:
    """Keeps what was typed for a sweep; of several commands, the first counts."""
    path = folder / OVERRIDES
    if not path.exists():
        write_whole(path, yaml.safe_dump(list(overrides)))


def expand(arguments: Sequence[str]) -> list[str]:
    """Replaces ``sweep.resume=FOLDER`` by what that sweep was started with.

    Further overrides are kept and win.

    Raises:
        ConfigError: the folder holds no sweep.
    """
    found = next((m for a in reversed(arguments) if (m := _OPTION.fullmatch(a))), None)
    if found is None or found["folder"] in ("null", "None"):
        return list(arguments)
    folder = Path(found["folder"].strip("'\""))
    recorded = read_overrides(folder)
    if recorded is None:
        raise ConfigError(
            f"sweep.resume={folder}: there is no {OVERRIDES}, so this is not the folder of a "
            "sweep; give the folder that holds sweep.csv"
        )
    given = [a for a in arguments if not _OPTION.fullmatch(a)]
    typed = {parse(argument).key for argument in given} | {"hydra.sweep.dir"}
    kept = [override for override in recorded if parse(override).key not in typed]
    flags = [] if {"-m", "--multirun"} & set(given) else ["-m"]
    return [*flags, *given, *kept, f"hydra.sweep.dir={quoted(folder)}"]

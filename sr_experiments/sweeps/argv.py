"""``sweep.resume=FOLDER``: the command line that a folder was made with, once more."""

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from sr_experiments.errors import ConfigError
from sr_experiments.files import write_whole
from sr_experiments.sweeps.command import quoted

_RECORD = "overrides.yaml"
_OPTION = re.compile(r"\+*sweep\.resume=(?P<folder>.+)")


def record_overrides(folder: Path, overrides: Sequence[str]) -> None:
    """Keeps what was typed for a sweep; of several commands, the first counts."""
    path = folder / _RECORD
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
    try:
        recorded = yaml.safe_load((folder / _RECORD).read_text(encoding="utf-8"))
    except OSError:
        raise ConfigError(
            f"sweep.resume={folder}: there is no {_RECORD}, so this is not the folder of a sweep; "
            "give the folder that holds sweep.csv"
        ) from None
    given = [a for a in arguments if not _OPTION.fullmatch(a)]
    keys = {_key(argument) for argument in given} | {"hydra.sweep.dir"}
    kept = [override for override in recorded if _key(override) not in keys]
    flags = [] if {"-m", "--multirun"} & set(given) else ["-m"]
    return [*flags, *given, *kept, f"hydra.sweep.dir={quoted(folder)}"]


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]

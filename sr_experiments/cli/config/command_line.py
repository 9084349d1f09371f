"""What people type, as Hydra takes it."""

import sys
from collections.abc import Sequence

from hydra._internal.utils import get_args_parser

from sr_experiments.cli.config.hints import keys_of, nearest
from sr_experiments.errors import ConfigError
from sr_experiments.runs.command import is_readable
from sr_experiments.runs.former_names import current_override

# New names are legal below these; Hydra takes them only with a sign.
_OPEN = ("data.test.", "data.val.", "metrics.", "callbacks.")
_PATHS = ("input", "output", "weights")  # of predict.py and export.py


def tidy(arguments: Sequence[str], config_name: str) -> list[str]:
    """Signs for new names, quotes for paths, today's words, and flags before all overrides.

    ``data.test.mine=[folder]`` becomes ``++data.test.mine=[folder]``, and ``data.root=~/x`` becomes
    ``data.root="~/x"``.

    Raises:
        ConfigError: an override has dashes.
    """
    _refuse_dashes(arguments, config_name)
    arguments = [_current(argument) for argument in arguments]
    flags, overrides = _flags_and_overrides(arguments)
    if config_name in ("predict", "export"):
        overrides = [_as_path(override) for override in overrides]
    return [*flags, *map(_tidy, overrides)]


def _flags_and_overrides(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Apart, since Python's parser takes no override behind a flag between two of them."""
    actions = get_args_parser()._actions
    valued = {name for action in actions if action.nargs is None for name in action.option_strings}
    flags, overrides = [], []
    rest = iter(arguments)
    for argument in rest:
        if argument.startswith("-"):
            flags += [argument, *([next(rest, "")] if argument in valued else [])]
        else:
            overrides.append(argument)
    return flags, overrides


def _current(argument: str) -> str:
    """The argument in today's words, and a line on stderr where they have changed."""
    now = current_override(argument)
    if now != argument:
        sys.stderr.write(f"note: {argument} is written {now} now\n")
    return now


def _as_path(override: str) -> str:
    """Quotes a path, in whose name each sign may be one that Hydra reads as something else."""
    key, _, value = override.partition("=")
    if key not in _PATHS or not value or value[0] == value[-1] in ("'", '"') or value == "null":
        return override
    escaped = value.replace('"', '\\"').replace("${", "\\${")
    return f'{key}="{escaped}"'


def _tidy(argument: str) -> str:
    key, equals, value = argument.partition("=")
    if not equals or key.startswith("-"):
        return argument
    if f"{key.lstrip('+')}.".startswith(_OPEN) and (key.count(".") > 1 or value.startswith("{")):
        key = f"++{key.lstrip('+')}"
    if "/" in value and not set(value) & set("\"'[]{},\\") and not is_readable(argument):
        value = f'"{value}"'
    return f"{key}={value}"


def _refuse_dashes(arguments: Sequence[str], config_name: str) -> None:
    known = {option for action in get_args_parser()._actions for option in action.option_strings}
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=False):
        name, equals, value = argument.partition("=")
        if not argument.startswith("--") or name in known or any(k.startswith(name) for k in known):
            continue
        key = name.lstrip("-").replace("-", "_")
        near = nearest(key, keys_of(config_name, [a for a in arguments if a[0] != "-"]))
        value = (value if equals else following) or "..."
        raise ConfigError(
            f"{name}: overrides have no dashes; write {near[0] if near else key}={value}"
        )

"""Checks configuration against the signatures that it calls, and calls them."""

import inspect
import pkgutil
import re
import traceback
from collections.abc import Mapping
from typing import Any, get_type_hints

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError

from sr_experiments.cli.hints import did_you_mean
from sr_experiments.errors import ConfigError, UserError

_SPECIAL = {"_target_", "_partial_", "_convert_", "_recursive_", "_args_"}


def check(key: str, node: Any) -> None:
    """Checks the keys and the types of every ``_target_`` in a plain configuration.

    Raises:
        ConfigError: an argument is unknown or has a wrong type.
    """
    if not isinstance(node, Mapping):
        return
    if "_target_" in node:
        check_arguments(key, _locate(key, str(node["_target_"])), node)
    for name, value in node.items():
        check(f"{key}.{name}", value)


def check_arguments(key: str, function: Any, arguments: Mapping[Any, Any]) -> None:
    """Checks arguments by name and type against a function's or class's signature.

    Raises:
        ConfigError: an argument is unknown or has a wrong type.
    """
    parameters = inspect.signature(function).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    hints = _hints(function)
    for name, value in arguments.items():
        if name in _SPECIAL:
            continue
        if name not in parameters and not open_ended:
            valid = [p for p in parameters if p != "self"]
            raise ConfigError(f"{key}.{name}: there is no such key{did_you_mean(name, valid)}")
        nested = isinstance(value, Mapping) and "_target_" in value
        if name in hints and not nested:
            check_type(f"{key}.{name}", value, hints[name])


def check_type(key: str, value: Any, expected: Any) -> None:
    """Checks one value.

    Raises:
        ConfigError: it is not of the expected type.
    """
    try:
        adapter = TypeAdapter(expected, config=ConfigDict(arbitrary_types_allowed=True))
    except (PydanticUserError, ValueError):
        return  # a type that has no plain values
    try:
        result = adapter.validate_python(value)
    except ValidationError as error:
        problem = error.errors()[0]["msg"]
        raise ConfigError(f"{key}: {problem[0].lower() + problem[1:]}, got {value!r}") from None
    # What pydantic would convert, as "3" or true to a number, is a mistake here.
    converted = type(result) is not type(value) and isinstance(value, str | bool | float)
    if converted or (isinstance(value, int) and not isinstance(result, int | float)):
        raise ConfigError(f"{key}: expected {_name(expected)}, got {value!r}")


def build(key: str, node: DictConfig, **provided: Any) -> Any:
    """Instantiates a node, with further arguments that the configuration does not hold.

    Raises:
        ConfigError: the constructor refused a value, or the node names none.
        UserError: whatever the constructor raised of that kind.
    """
    plain = OmegaConf.to_container(node, resolve=True)
    if not isinstance(plain, dict) or "_target_" not in plain:
        raise ConfigError(
            f"{key}: has no _target_, so that there is nothing to build; choose the option of its "
            f"group that brings one, or leave it out with ~{key}"
        )
    try:
        return instantiate(plain, **provided, _convert_="all")
    except InstantiationException as error:
        cause = error.__cause__
        if nested := re.search(r"full_key: (\S+)", str(error)):
            key = f"{key}.{nested.group(1)}"
        if isinstance(cause, UserError):
            raise cause from None
        if isinstance(cause, ImportError):
            raise ConfigError(f"{key}: {cause}") from None
        if isinstance(cause, ValueError | TypeError):
            # A nested object, as data's patches, is a group of its own.
            nested = re.search(r"full_key: (\S+)", str(error))
            raise ConfigError(f"{nested.group(1) if nested else key}.{cause}") from None
        raise


def call(key: str, function: Any, *arguments: Any) -> Any:
    """Calls what a ``_partial_`` node has made.

    Raises:
        ConfigError: it refused a value.
    """
    try:
        return function(*arguments)
    except ValueError as error:
        raise ConfigError(f"{key}.{error}") from None


def _locate(key: str, target: str) -> Any:
    try:
        found = pkgutil.resolve_name(target)
    except (ImportError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"{key}._target_: cannot find {target!r} ({error}); modules are searched for in the "
            "working directory and among the installed packages"
        ) from None
    except Exception as error:  # a module of the user's runs here for the first time
        raise ConfigError(f"{key}._target_: {target} cannot be imported: {blame(error)}") from None
    if not callable(found):
        raise ConfigError(f"{key}._target_: {target} is no class or function")
    return found


def blame(error: BaseException) -> str:
    """An error of foreign code in one line, with the place that it comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    if isinstance(error, SyntaxError):
        place = f" ({error.filename}, line {error.lineno})"
        return f"SyntaxError: {error.msg}{place}"
    return f"{type(error).__name__}: {' '.join(str(error).split())}{place}"


def _hints(function: Any) -> dict[str, Any]:
    try:
        return get_type_hints(function.__init__ if inspect.isclass(function) else function)
    except (NameError, TypeError):
        return {}  # types that exist for type checkers alone


def _name(expected: Any) -> str:
    return str(getattr(expected, "__name__", expected)).replace("typing.", "")

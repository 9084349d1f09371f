"""Checks configuration against the signatures that it calls, and calls them."""

import inspect
import pkgutil
import re
import traceback
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError

import sr_experiments
from sr_experiments.cli.hints import did_you_mean
from sr_experiments.errors import ConfigError, UserError
from sr_experiments.runs.former_names import current_targets

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
    names = {name: hints.get(name, Any) for name in parameters if name != "self"}
    check_names(key, arguments, names, open_ended)


def check_names(
    key: str, arguments: Mapping[Any, Any], hints: Mapping[str, Any], open_ended: bool
) -> None:
    """Checks arguments by name and type.

    Args:
        key: of the node that holds them.
        arguments: the node.
        hints: a type for each name that is taken.
        open_ended: whether others are taken too.

    Raises:
        ConfigError: an argument is unknown or has a wrong type.
    """
    for name, value in arguments.items():
        if name in _SPECIAL:
            continue
        if name not in hints and not open_ended:
            raise ConfigError(f"{key}.{name}: there is no such key{did_you_mean(name, hints)}")
        nested = isinstance(value, Mapping) and "_target_" in value
        if name in hints and not nested:
            check_type(f"{key}.{name}", value, hints[name])


def check_type(key: str, value: Any, expected: Any) -> None:
    """Checks one value.

    Raises:
        ConfigError: it is not of the expected type.
    """
    if get_origin(expected) in (dict, Mapping) and isinstance(value, Mapping):
        for name, inner in value.items():
            check_type(f"{key}.{name}", inner, get_args(expected)[1])
        return
    try:
        adapter = TypeAdapter(expected, config=ConfigDict(arbitrary_types_allowed=True))
    except (PydanticUserError, ValueError):
        return  # a type that has no plain values
    problem = ConfigError(f"{key}: expected {_words(expected)}, got {value!r}")
    try:
        result = adapter.validate_python(value)
    except ValidationError:
        raise problem from None
    # What pydantic would convert, as "3" or true to a number, is a mistake here.
    converted = type(result) is not type(value) and isinstance(value, str | bool | float)
    if converted or (isinstance(value, int) and not isinstance(result, int | float)):
        raise problem


def build(key: str, node: DictConfig, **provided: Any) -> Any:
    """Instantiates a node, with further arguments that the configuration does not hold.

    Raises:
        ConfigError: the constructor refused a value, or the node names none.
        UserError: whatever the constructor raised of that kind.
    """
    plain = current_targets(OmegaConf.to_container(node, resolve=True))
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
        if not _speaks_of_arguments(plain["_target_"]):
            raise ConfigError(f"{key}: {plain['_target_']}: {blame(cause or error)}") from None
        if isinstance(cause, ValueError | TypeError):
            # A nested object, as data's patches, is a group of its own.
            nested = re.search(r"full_key: (\S+)", str(error))
            raise ConfigError(f"{nested.group(1) if nested else key}.{cause}") from None
        raise


def _speaks_of_arguments(target: Any) -> bool:
    """Whether a constructor's errors begin with the name of the argument that is wrong."""
    return str(target).startswith((f"{sr_experiments.__name__}.", "pytorch_lightning."))


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
    if "hydra/_internal" in place:  # which only calls
        place = ""
    if isinstance(error, SyntaxError):
        place = f" ({error.filename}, line {error.lineno})"
        return f"SyntaxError: {error.msg}{place}"
    return f"{type(error).__name__}: {' '.join(str(error).split())}{place}"


def _hints(function: Any) -> dict[str, Any]:
    try:
        return get_type_hints(
            function.__init__ if inspect.isclass(function) else function, include_extras=True
        )
    except (NameError, TypeError):
        return {}  # types that exist for type checkers alone


_WORDS = {
    str: "text",
    int: "an integer",
    float: "a number",
    bool: "a boolean (true or false)",
    type(None): "null",
}


def _words(expected: Any) -> str:
    """A type as people say it."""
    *others, last = dict.fromkeys(_alternatives(expected))
    return f"{', '.join(others)} or {last}" if others else last


def _alternatives(expected: Any) -> list[str]:
    origin, inner = get_origin(expected), get_args(expected)
    if origin is Annotated:
        limit = inner[1]
        words = f"of at least {limit.ge}" if isinstance(limit, Ge) else f"above {limit.gt}"
        return [f"{_words(inner[0])} {words}"]
    if origin in (Union, UnionType):
        return [word for part in inner for word in _alternatives(part)]
    if origin is Literal:
        return [str(value) for value in inner]
    if origin in (dict, Mapping):
        return ["names with values, {name: value}"]
    if origin in (list, tuple, Sequence):
        return ["a list, [...]"]
    return [_WORDS.get(expected, str(getattr(expected, "__name__", expected)))]

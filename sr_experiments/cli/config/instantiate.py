"""Checks configuration against the signatures that it calls, and calls them."""

import inspect
import pkgutil
import re
import traceback
from collections.abc import Mapping
from typing import Any, get_type_hints

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig

import sr_experiments
from sr_experiments.cli.config.check import Config, check_config, check_names
from sr_experiments.cli.config.device import lightning_arguments
from sr_experiments.errors import ConfigError, UserError
from sr_experiments.signals import leaving_on_interrupt
from sr_experiments.studies.study import read_study


def resolve_config(composed: DictConfig, network: bool = True) -> Config:
    """The configuration of a run in its one plain form: resolved, checked, and passed on alone.

    Args:
        composed: Hydra's.
        network: check ``model`` too; not where a checkpoint brings the network's arguments.

    Raises:
        ConfigError: a ``_target_`` does not take an argument, or not of this type; a range is
            wrong.
    """
    import pytorch_lightning as pl

    with leaving_on_interrupt():
        config = check_config(composed, network)
    for key, node in config.items():
        if network or key != "model":
            check_targets(key, node)
    for key in ("trainer", "device"):
        check_arguments(key, pl.Trainer, lightning_arguments(config.get(key) or {}))
    if "study" in config:
        config["study"] = _part_in_study(config["study"])
    return config


def _part_in_study(node: dict[str, Any]) -> dict[str, str]:
    """What a run records of its study; the rest stands in ``conf/study``.

    Raises:
        ConfigError: it is not one job of a study.
    """
    study, variant = read_study(node), node["variant"]
    if variant not in study.variants:
        raise ConfigError(
            f"study={study.name}: a study is a sweep; run it with `python train.py -m "
            f"study={study.name}`"
        )
    return {"name": study.name, "size": study.size, "variant": variant}


def check_targets(key: str, node: Any) -> None:
    """Checks the keys and the types of every ``_target_`` in a plain configuration.

    Raises:
        ConfigError: an argument is unknown or has a wrong type.
    """
    if not isinstance(node, Mapping):
        return
    if "_target_" in node:
        check_arguments(key, _locate(key, str(node["_target_"])), node)
    for name, value in node.items():
        check_targets(f"{key}.{name}", value)


def check_arguments(key: str, function: Any, arguments: Mapping[Any, Any]) -> None:
    """Checks arguments by name and type against a function's or class's signature.

    Args:
        key: of the node that holds them, for errors.
        function: what is to be called.
        arguments: the node.

    Raises:
        ConfigError: an argument is unknown or has a wrong type.
    """
    parameters = inspect.signature(function).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    hints = _hints(function)
    names = {name: hints.get(name, Any) for name in parameters if name != "self"}
    check_names(key, arguments, names, open_ended)


def build(key: str, node: Any, **provided: Any) -> Any:
    """Instantiates a node, with further arguments that the configuration does not hold.

    Args:
        key: of the node, for errors.
        node: plain nested values with a ``_target_``.
        **provided: the further arguments.

    Raises:
        ConfigError: the constructor refused a value, or the node names none.
        UserError: whatever the constructor raised of that kind.
    """
    if not isinstance(node, Mapping) or "_target_" not in node:
        raise ConfigError(
            f"{key}: has no _target_, so that there is nothing to build; choose the option of its "
            f"group that brings one, or leave it out with ~{key}"
        )
    try:
        return instantiate(dict(node), **provided, _convert_="all")
    except InstantiationException as error:
        cause = error.__cause__
        if nested := re.search(r"full_key: (\S+)", str(error)):
            key = f"{key}.{nested.group(1)}"
        if isinstance(cause, UserError):
            raise cause from None
        if isinstance(cause, ImportError):
            raise ConfigError(f"{key}: {cause}") from None
        if not _speaks_of_arguments(node["_target_"]):
            raise ConfigError(f"{key}: {node['_target_']}: {blame(cause or error)}") from None
        if isinstance(cause, ValueError | TypeError):
            # A nested object, as data's patches, is a group of its own.
            nested = re.search(r"full_key: (\S+)", str(error))
            raise ConfigError(f"{nested.group(1) if nested else key}.{cause}") from None
        raise


def _speaks_of_arguments(target: Any) -> bool:
    """Whether a constructor's errors begin with the name of the argument that is wrong."""
    return str(target).startswith((f"{sr_experiments.__name__}.", "pytorch_lightning."))


def call_partial(key: str, function: Any, *arguments: Any) -> Any:
    """Calls what a ``_partial_`` node has made.

    Args:
        key: of the node, for errors.
        function: what was made of it.
        *arguments: the missing ones.

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

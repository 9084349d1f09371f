"""What can be said about a configuration before torch and Lightning are imported."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge
from omegaconf import DictConfig, OmegaConf
from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError

from sr_experiments.cli.config.device import OWN_DEVICE_KEYS, lightning_arguments
from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.config.hints import did_you_mean, nearest
from sr_experiments.cli.config.signatures import Signature, read_signature
from sr_experiments.errors import ConfigError
from sr_experiments.runs.former_names import current_targets
from sr_experiments.sweeps.settings import read_settings

#: A configuration, or a node of one: resolved, checked, nested plain values. Nobody changes it.
Config = dict[str, Any]

_SPECIAL = {"_target_", "_partial_", "_convert_", "_recursive_", "_args_"}
_ROOT_TYPES = {
    "task_name": str,
    "tags": list[str],
    "seed": int,
    "log_images": int,
    "run_dir": str,
    "ckpt_path": str | None,
    "init_from": str | None,
    "rerun": str | None,
    "weights": str | list[str] | None,
    "protocols": str | list[str],
    "images": str | None,
    "reference": str | None,
    "sweep": dict[str, Any],
    "runs": str | list[str] | None,
    "checkpoint": str,
    "trusted": list[str],
    "published": str | list[str],
    "input": str,
    "output": str,
    "scale": float | None,
    "format": str,
    "dtype": str,
    "notes": list[str],
    "memory": str | int | None,
    "ensemble": bool,
    "overwrite": bool,
    **{"port": int, "show": bool, "max_megabytes": int, "max_megapixels": int},  # of app.py
}
_NEEDED = (
    *("model", "data", "data.train", "data.patches", "protocol", "device", "sweep"),
    *("seed", "log_images", "run_dir", "ckpt_path", "init_from"),
)
_LISTS = ("callbacks", "logger", "metrics")  # groups whose nodes are each an object
_PREPARATION_TYPES = {
    "task_name": str,
    "root": str,
    "source": str | None,
    "keep_archives": bool,
    "cache": str,
    "workers": int | None,
}
_CATALOGUE = {
    "folders": "catalogue.Folder",
    "files": "download.RemoteFile",
    "recipes": "catalogue.Recipe",
}


def check_config(config: DictConfig, network: bool = True) -> Config:
    """Resolves a composed configuration, and checks it as far as source tells.

    One scale is taken as a list of one.

    Args:
        config: the composed one.
        network: False where a checkpoint brings the network.

    Returns:
        The resolved one.

    Raises:
        ConfigError: a key is unknown, a value has the wrong type or is out of range.
    """
    for scales in ("model.scales", "data.train_scales"):
        if isinstance(scale := OmegaConf.select(config, scales), int | float):
            OmegaConf.update(config, scales, [scale])
    content: Config = current_targets(to_plain(config))
    known = {*_ROOT_TYPES, *(p.name for p in conf_dir().iterdir() if p.is_dir())}
    _check_keys(content, known)
    check_present(content, _NEEDED)
    for name, expected in _ROOT_TYPES.items():
        if name in content:
            check_type(name, content[name], expected)
    for key, limit in (("seed", 2**32), ("log_images", 100)):
        if not 0 <= content[key] < limit:
            raise ConfigError(f"{key}: must be from 0 to {limit - 1}, got {content[key]}")
    # Other groups contain some; a mistake is named where it was typed.
    for name in sorted(content, key=lambda name: name in ("data", "protocol")):
        if network or name != "model":
            _check(name, content[name])
    for group in _LISTS:
        _check_objects(group, content.get(group) or {})
    _check_trainer(content.get("trainer") or {}, content.get("device") or {})
    read_settings(content["sweep"])
    return content


def check_preparation(config: DictConfig) -> Config:
    """Resolves and checks the configuration of ``prepare.py``.

    Raises:
        ConfigError: a key is unknown, a value has the wrong type or is out of range.
    """
    content = to_plain(config)
    known = {*_PREPARATION_TYPES, "dataset", "degradation"}
    _check_keys(content, known)
    check_present(content, known)
    for key, kind in _PREPARATION_TYPES.items():
        check_type(key, content[key], kind)
    if (workers := content["workers"]) is not None and workers < 0:
        raise ConfigError(f"workers: must be at least 0, got {workers}")
    _check("degradation", content["degradation"])
    for part, target in _CATALOGUE.items():
        signature = read_signature(f"sr_experiments.data.prepare.{target}")
        assert signature
        nodes = content["dataset"][part]
        named = nodes.items() if isinstance(nodes, Mapping) else enumerate(nodes)
        for name, node in named:
            check_names(f"dataset.{part}.{name}", node, signature.hints, signature.open_ended)
    return content


def to_plain(config: DictConfig) -> Config:
    """Resolves interpolations; raises OmegaConf's error where a value is missing."""
    resolved = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    assert isinstance(resolved, dict)
    return {str(key): value for key, value in resolved.items()}


def check_present(config: Mapping[str, Any], keys: Iterable[str]) -> None:
    """Makes sure that nothing was taken away, as by ``~data.train``, that is read later.

    Raises:
        ConfigError: a key, as ``data`` or ``data.train``, is missing.
    """
    for key in keys:
        node: Any = config
        for part in key.split("."):
            if not isinstance(node, Mapping) or part not in node:
                raise ConfigError(f"{key}: is needed; leave ~{key} out")
            node = node[part]


def _check_keys(content: Mapping[Any, Any], known: set[str]) -> None:
    for unknown in sorted(map(str, content.keys() - known)):
        raise ConfigError(f"{unknown}: there is no such key{did_you_mean(unknown, known)}")


def _check(key: str, node: Any) -> None:
    if not isinstance(node, Mapping):
        return
    signature = read_signature(str(node.get("_target_", "")))
    if signature and signature.open_ended and isinstance(kind := node.get("kind"), str):
        inner = read_signature(kind) or Signature({}, True)  # takes all further arguments
        signature = Signature({**inner.hints, **signature.hints}, inner.open_ended)
    if signature:
        check_names(key, node, signature.hints, signature.open_ended)
    for name, value in node.items():
        _check(f"{key}.{name}", value)


def _check_objects(group: str, nodes: Mapping[Any, Any]) -> None:
    """Makes sure that each node of a group of objects says what it is.

    Raises:
        ConfigError: it has values and no class.
    """
    for name, node in nodes.items():
        if isinstance(node, Mapping) and "_target_" in node:
            continue
        key, near = f"{group}.{name}", nearest(str(name), [str(n) for n in nodes if n != name])
        choose = f"give {key}._target_"
        if near:
            choose = f"did you mean {group}.{near[0]}?"
        elif (conf_dir() / group / f"{name}.yaml").is_file():
            choose = f"choose {group}={name if group == 'callbacks' else f'[{name}]'}"
        raise ConfigError(f"{key}: has no _target_; {choose}, or leave it out with ~{key}")


def _check_trainer(trainer: Mapping[Any, Any], device: Mapping[Any, Any]) -> None:
    signature = read_signature("pytorch_lightning.Trainer")
    assert signature
    for key, node in (("trainer", trainer), ("device", lightning_arguments(device))):
        check_names(key, node, signature.hints, signature.open_ended)
    for name, expected in OWN_DEVICE_KEYS.items():
        check_type(f"device.{name}", device.get(name), expected)
    if (batch := device.get("effective_batch")) is not None and batch < 1:
        raise ConfigError(f"device.effective_batch: must be at least 1, got {batch}")
    limit, every = trainer.get("max_time"), trainer.get("check_val_every_n_epoch")
    if limit is not None and not re.fullmatch(r"\d+:\d{2}:\d{2}:\d{2}", str(limit)):
        raise ConfigError(
            "trainer.max_time: expected days:hours:minutes:seconds, as 00:00:10:00, or null, got "
            f"{limit!r}"
        )
    if every is not None and every < 1:
        raise ConfigError(f"trainer.check_val_every_n_epoch: must be at least 1, got {every}")


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

    Args:
        key: where it stands, for errors.
        value: as it was typed.
        expected: its type, with limits as ``Annotated[int, Ge(1)]``.

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

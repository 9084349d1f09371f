"""What can be said about a configuration before torch and Lightning are imported."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from omegaconf import DictConfig, OmegaConf

from sr_experiments.cli.build import check_names, check_type
from sr_experiments.cli.conf_dir import conf_dir
from sr_experiments.cli.hints import did_you_mean, nearest
from sr_experiments.cli.signatures import Signature, read_signature
from sr_experiments.errors import ConfigError
from sr_experiments.runs.former_names import current_targets
from sr_experiments.sweeps.settings import read_settings

_ROOT_TYPES = {
    "task_name": str,
    "tags": list[str],
    "seed": int,
    "log_images": int,
    "run_dir": str,
    "ckpt_path": str | None,
    "init_from": str | None,
    "weights": str | None,
    "sweep": dict[str, Any],
    "runs": list[str],
    "checkpoint": str,
    "trusted": list[str],
    "published": str | list[str],
}
_LISTS = ("callbacks", "logger", "metrics")  # groups whose nodes are each an object
_OWN_DEVICE_KEYS = {
    "effective_batch": int | None,
    "scale_lr": Literal["linear", "sqrt"] | None,
    "channels_last": bool | None,
    "compile": bool | None,
}
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


def checked(config: DictConfig, network: bool = True) -> dict[str, Any]:
    """The resolved configuration as nested dictionaries, checked as far as source tells.

    One scale is taken as a list of one.

    Args:
        config: the composed one.
        network: False where a checkpoint brings the network.

    Raises:
        ConfigError: a key is unknown, a value has the wrong type or is out of range.
    """
    for scales in ("model.scales", "data.train_scales"):
        if isinstance(scale := OmegaConf.select(config, scales), int | float):
            OmegaConf.update(config, scales, [scale])
    resolved = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    assert isinstance(resolved, dict)
    content = {str(key): current_targets(node) for key, node in resolved.items()}
    known = {*_ROOT_TYPES, *(p.name for p in conf_dir().iterdir() if p.is_dir())}
    _check_keys(content, known)
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


def checked_preparation(config: DictConfig) -> None:
    """Checks the configuration of ``prepare.py`` as far as source tells.

    Raises:
        ConfigError: a key is unknown, a value has the wrong type or is out of range.
    """
    content = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    assert isinstance(content, dict)
    known = {*_PREPARATION_TYPES, "dataset", "degradation"}
    _check_keys(content, known)
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


def lightning_arguments(device: Mapping[Any, Any]) -> dict[str, Any]:
    """The keys of ``device`` that are arguments of Lightning's Trainer."""
    return {str(key): value for key, value in device.items() if key not in _OWN_DEVICE_KEYS}


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
    for name, expected in _OWN_DEVICE_KEYS.items():
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

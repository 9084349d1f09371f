"""Scoring by what a checkpoint was trained with, but for what the command line says."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.cli.build import build_network
from sr_experiments.cli.config.check import Config
from sr_experiments.errors import CheckpointError, ConfigError
from sr_experiments.inference.checkpoints import load_into, read_checkpoint
from sr_experiments.inference.stored_model import is_plain, stored_model
from sr_experiments.models import Network
from sr_experiments.runs.command import parse_override

# Groups that decide about a score, with the keys that do; None: all.
_SCORING: dict[str, tuple[str, ...] | None] = {
    "degradation": None,
    "protocol": None,
    "data": ("root", "train", "val", "test", "low_resolution"),
}
_RECIPES = ("experiment", "study")  # choose an option of every group
# Groups and keys that only training reads.
_TRAINING = (
    *("optim", "scheduler", "clipping", "loss", "patches", "callbacks", "init_from"),
    *("data.train", "data.val", "data.held_out", "data.train_scales", "data.residency"),
    *("data.batch_size", "data.patches_per_epoch", "data.steps_per_epoch", "data.broken"),
    *("data.patches", "data.strict", "device.effective_batch", "device.scale_lr"),
    *("device.channels_last", "device.compile", "device.fused", "device.tune"),
)
# Of Lightning's trainer, most keys are about training; these are not.
_TRAINER = {
    *("precision", "deterministic", "benchmark", "limit_test_batches", "fast_dev_run"),
    *("inference_mode", "profiler", "detect_anomaly", "barebones"),
}


def as_trained(
    config: DictConfig, stored: Mapping[str, Any], overrides: Sequence[str], name: str
) -> list[str]:
    """Puts network, protocol, degradation and sets of a checkpoint into a configuration.

    What was typed stays, as far as the checkpoint's network allows.

    Args:
        config: of a command that scores; it is changed.
        stored: the checkpoint's configuration.
        overrides: what was typed.
        name: of the checkpoint, for errors.

    Returns:
        One line for each group that is not as in training.

    Raises:
        ConfigError: what was typed contradicts the network.
        CheckpointError: the stored configuration names code or variables.
    """
    keys = typed_keys(overrides)
    whole = any(key in _RECIPES for key in keys)
    with open_dict(config):
        said = [_take_network(config, stored["model"], keys, name)]
        for group in _SCORING:
            theirs = _stored(stored, group)
            if group not in keys and not whole:
                own = [key for key in keys if key.startswith(f"{group}.")]
                _overlay(config, group, theirs, own, name)
            if group != "data":  # the table names the sets
                said.append(_difference(group, config[group], theirs))
    return [line for line in (*said, *without_effect(overrides)) if line]


def take_over(config: DictConfig, path: Path, overrides: Sequence[str]) -> list[str]:
    """Does the same with a checkpoint's file.

    Args:
        config: of a command that scores; it is changed.
        path: the checkpoint.
        overrides: what was typed.

    Returns:
        One line for each group that is not as in training.

    Raises:
        ConfigError: what was typed contradicts the network.
        CheckpointError: the file cannot be read, or asks for more than may be built.
    """
    chosen = OmegaConf.to_container(config.model, resolve=True)
    assert isinstance(chosen, dict)
    model = stored_model(path, {str(k): v for k, v in chosen.items()}, config.trusted)
    stored = {**read_checkpoint(path)["config"], "model": model}
    return as_trained(config, stored, overrides, str(path))


def load_trained(config: Config, path: Path) -> Network:
    """The network of a checkpoint, with its weights.

    Args:
        config: whose ``model`` is the checkpoint's, perhaps at other scales.
        path: the checkpoint.

    Raises:
        ConfigError: its weights do not fit the scales.
        CheckpointError: they do not fit at all, or cannot be read.
    """
    network, scales = build_network(config), list(config["model"].get("scales") or [])
    try:
        load_into(network, path)
    except CheckpointError:
        trained = read_checkpoint(path)["config"]["model"].get("scales")
        if scales == trained:
            raise
        raise ConfigError(
            f"model.scales: {scales} does not fit {path}, which holds "
            f"{type(network).__name__} for {trained}; leave model.scales=... out"
        ) from None
    return network


def without_effect(overrides: Sequence[str]) -> list[str]:
    """A line about the overrides that only training reads, if there are any."""
    keys = zip(overrides, typed_keys(overrides), strict=True)
    idle = [override for override, key in keys if _only_trains(key)]
    return [f"{' '.join(idle)}: without effect on scores"] if idle else []


def _only_trains(key: str) -> bool:
    group, _, inner = key.partition(".")
    if group == "trainer":
        return inner.partition(".")[0] not in _TRAINER
    return any(key == known or key.startswith(f"{known}.") for known in _TRAINING)


def typed_keys(overrides: Sequence[str]) -> list[str]:
    """The keys of overrides, as ``protocol`` and ``protocol.shave``, without their signs."""
    return [parse_override(override).path for override in overrides]


@rank_zero_only
def say(lines: Iterable[str]) -> None:
    """Prints lines, in the first process."""
    for line in lines:
        print(line, flush=True)


def _stored(stored: Mapping[str, Any], group: str) -> dict[str, Any]:
    """The keys of a stored group that decide about a score."""
    limit, node = _SCORING[group], stored.get(group)
    if not isinstance(node, Mapping):
        return {}
    theirs = {k: v for k, v in node.items() if k != "_target_" and (limit is None or k in limit)}
    # The protocol's is the group itself, unless training was scored on something else.
    if theirs.get("degradation", 0) == stored.get("degradation"):
        del theirs["degradation"]
    return theirs


def _take_network(
    config: DictConfig, theirs: Mapping[str, Any], keys: Sequence[str], name: str
) -> str:
    """Puts the checkpoint's network in, at the scales that were typed."""
    ours = OmegaConf.to_container(config.model, resolve=True)
    assert isinstance(ours, dict)
    typed = {key: key.partition(".")[2] for key in keys if key.startswith("model.")}
    if "model" in keys:
        typed["model"] = "_target_"
    for key, inner in typed.items():
        if inner != "scales" and ours.get(inner) != theirs.get(inner):
            mine, other = (_brief(x.get(inner)) for x in (ours, theirs))
            raise ConfigError(
                f"{key}: {mine} contradicts {name}, which holds {other}; leave {key}=... out, the "
                "checkpoint brings its network"
            )
    config.model = dict(theirs)
    if "model.scales" not in keys or ours["scales"] == theirs.get("scales"):
        return ""
    config.model.scales = ours["scales"]
    typed_scales, trained = _brief(ours["scales"]), _brief(theirs.get("scales"))
    return f"model.scales={typed_scales} as typed; in training {trained}"


def _overlay(
    config: DictConfig, group: str, theirs: Mapping[str, Any], own: Sequence[str], name: str
) -> None:
    """Sets a group to stored values, and what was typed below it to what it was."""
    gone = object()  # what ``~`` took away
    kept = {key: OmegaConf.select(config, key, default=gone) for key in own}
    for key, value in theirs.items():
        known: dict[str, Any] = {}
        if key == "degradation" and isinstance(value, Mapping):
            known = {"_target_": config.degradation["_target_"]}
            value = {k: v for k, v in value.items() if k != "_target_"}
        if not is_plain(value):
            raise CheckpointError(f"{name}: {group}.{key} is no plain value; type it yourself")
        config[group][key] = {**known, **value} if known else value
    for key, value in kept.items():
        if value is not gone:
            OmegaConf.update(config, key, value, merge=False, force_add=True)


def _difference(group: str, node: DictConfig, theirs: Mapping[str, Any]) -> str:
    ours = OmegaConf.to_container(node, resolve=True)
    assert isinstance(ours, dict)
    other = {k: v for k, v in theirs.items() if k != "degradation" and ours.get(k) != v}
    if not other:
        return ""
    typed = " ".join(f"{group}.{key}={_brief(ours.get(key))}" for key in other)
    trained = " ".join(f"{key}={_brief(value)}" for key, value in other.items())
    return f"{typed} as typed; in training {trained}"


def _brief(value: Any) -> str:
    """A value as it is typed; a class by its last name."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_brief, value)) + "]"
    text = str(value)
    return text.rpartition(".")[2] if text.startswith("sr_experiments.") else text

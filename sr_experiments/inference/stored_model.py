"""Which network a checkpoint's configuration may ask for: a file does not choose what is called."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from sr_experiments import models
from sr_experiments.errors import CheckpointError
from sr_experiments.inference.checkpoints import read_checkpoint

NETWORKS = frozenset(
    f"{models.__name__}.{name}"
    for name in models.__all__
    if models.Network in getattr(models, name).__mro__[1:]
)


def stored_model(
    path: Path, chosen: Mapping[str, Any], trusted: Collection[str] = ()
) -> dict[str, Any]:
    """The node ``model`` of a checkpoint's configuration, safe to be built.

    It names exactly one of the networks of `sr_experiments.models`, with plain values as arguments.
    A network from elsewhere, and objects among its arguments, are taken only where the user names
    them too, one by one: then they were chosen by the user, not by the file.

    Args:
        path: the checkpoint.
        chosen: the resolved ``model`` of the command line.
        trusted: classes that may be named besides, as "espcn.ESPCN".

    Raises:
        CheckpointError: the file cannot be read, or asks for anything else.
    """
    model = read_checkpoint(path)["config"]["model"]
    target = model.get("_target_")
    if target != chosen.get("_target_"):
        chosen = {}  # whose values belong to another class
        _check_class(path, target, trusted)
    for name, value in model.items():
        if name == "_target_" or is_plain({name: value}, trusted) or chosen.get(name) == value:
            continue
        inner = value.get("_target_") if isinstance(value, Mapping) else None
        raise CheckpointError(
            f"{path}: model.{name} is no plain value; if you trust it, give the model=... or "
            "the overrides that it was trained with"
            + (f", or name its class too, with trusted=[{inner}]" if inner else "")
        )
    return dict(model)


def exported_model(path: Path, stored: str, trusted: Collection[str] = ()) -> dict[str, Any]:
    """The node ``model`` of a file that export.py has written, safe to be built.

    Args:
        path: the file.
        stored: what it says, as JSON.
        trusted: classes that may be named besides.

    Raises:
        CheckpointError: it says anything else.
    """
    try:
        model = json.loads(stored)
    except json.JSONDecodeError:
        model = None
    target = model.get("_target_") if isinstance(model, dict) else None
    _check_class(path, target, trusted)
    inner = {k: v for k, v in model.items() if k != "_target_"}
    if not is_plain(inner, trusted):
        raise CheckpointError(f"{path}: the arguments of its network are no plain values")
    return dict(model)


def _check_class(path: Path, target: Any, trusted: Collection[str]) -> None:
    if not isinstance(target, str) or target not in {*NETWORKS, *trusted}:
        raise CheckpointError(
            f"{path}: its network is {target!r}, which is none of {models.__name__}; if you trust "
            f"that class, name it yourself with trusted=[{target}]"
        )


def is_plain(value: Any, trusted: Collection[str] = ()) -> bool:
    """Whether neither Hydra nor OmegaConf would make anything else of a value.

    Args:
        value: nested plain containers.
        trusted: classes that Hydra may build objects of.
    """
    if isinstance(value, Mapping):
        own = value.get("_target_")
        inner = {k: v for k, v in value.items() if k != "_target_" or own not in trusted}
        keys = all(isinstance(k, str) and not k.startswith("_") for k in inner)
        return keys and all(is_plain(v, trusted) for v in inner.values())
    if isinstance(value, list | tuple):
        return all(is_plain(v, trusted) for v in value)
    if isinstance(value, str):
        return "${" not in value
    return value is None or isinstance(value, bool | int | float)

"""Which network a checkpoint's configuration may ask for: a file does not choose what is called."""

from collections.abc import Mapping
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


def stored_model(path: Path, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The node ``model`` of a checkpoint's configuration, safe to be built.

    It names exactly one of the networks of `sr_experiments.models`, with plain values as arguments.
    A network from elsewhere, and objects among its arguments, are taken only where the user's own
    configuration names the same: then that module was chosen by the user, not by the file.

    Args:
        path: the checkpoint.
        chosen: the resolved ``model`` of the command line.

    Raises:
        CheckpointError: the file cannot be read, or asks for anything else.
    """
    model = read_checkpoint(path)["config"]["model"]
    target = model.get("_target_")
    if target != chosen.get("_target_"):
        chosen = {}  # whose values belong to another class
        if not isinstance(target, str) or target not in NETWORKS:
            raise CheckpointError(
                f"{path}: its network is {target!r}, which is none of {models.__name__}; if you "
                f"trust that module, name it yourself with model=... or model._target_={target}"
            )
    for name, value in model.items():
        if name != "_target_" and not (is_plain({name: value}) or chosen.get(name) == value):
            raise CheckpointError(
                f"{path}: model.{name} is no plain value; if you trust it, give the model=... or "
                "the overrides that it was trained with"
            )
    return dict(model)


def is_plain(value: Any) -> bool:
    """Whether neither Hydra nor OmegaConf would make anything else of a value."""
    if isinstance(value, Mapping):
        keys = all(isinstance(k, str) and not k.startswith("_") for k in value)
        return keys and all(is_plain(v) for v in value.values())
    if isinstance(value, list | tuple):
        return all(is_plain(v) for v in value)
    if isinstance(value, str):
        return "${" not in value
    return value is None or isinstance(value, bool | int | float)

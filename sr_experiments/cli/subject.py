"""What ``weights=...`` means to every command that uses a network: the one place that reads it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import DictConfig

from sr_experiments import pretrained
from sr_experiments.cli.as_trained import as_trained, load_trained, take_over, without_effect
from sr_experiments.cli.build import build_network
from sr_experiments.cli.config.check import Config
from sr_experiments.cli.config.instantiate import resolve_config
from sr_experiments.errors import CheckpointError
from sr_experiments.inference.bicubic import Bicubic
from sr_experiments.inference.checkpoints import load_into, padding_remark
from sr_experiments.inference.export import read_metadata
from sr_experiments.inference.stored_model import exported_model
from sr_experiments.models import Network
from sr_experiments.runs.checkpoints import chosen_checkpoint
from sr_experiments.weight_file import read_weight_file


class Subject(NamedTuple):
    """A network with its weights, its configuration, and what of that is not as in training."""

    network: Network
    config: Config
    remarks: list[str]


def load_subject(composed: DictConfig, weights: str, typed: Sequence[str]) -> Subject:
    """The network of weights, in eval mode, and the configuration with what they bring.

    Args:
        composed: Hydra's configuration; it is changed to what the weights were trained with.
        weights: a run folder, a checkpoint, a file of ``export.py``, the name of shipped weights,
            a plain or foreign state dict for ``model``, or "bicubic".
        typed: the command line, which wins.

    Raises:
        ConfigError: what was typed contradicts the weights.
        CheckpointError: they cannot be read or do not fit.
    """
    if weights == "bicubic":
        config = resolve_config(composed)
        return Subject(Bicubic(config["model"]["scales"]), config, without_effect(typed))
    path = weights_path(weights)
    content = read_weight_file(path)
    if isinstance(content, dict) and "config" in content:
        remarks = take_over(composed, path, typed)
        config = resolve_config(composed)
        return Subject(load_trained(config, path).eval(), config, remarks)
    if metadata := read_metadata(path):
        remarks = _take_over_export(composed, path, metadata, typed)
    else:
        remarks = without_effect(typed)
    config = resolve_config(composed)
    network = build_network(config)
    try:
        load_into(network, path)
    except CheckpointError as error:
        chosen = "model" in metadata or any(key.startswith("model") for key in typed)
        hint = "" if chosen else "; plain weights want their network named, as model=edsr"
        raise CheckpointError(f"{error}{hint}") from None
    return Subject(network.eval(), config, [*remarks, *padding_remark(network)])


def weights_path(weights: str) -> Path:
    """The file that ``weights=...`` means; what exists wins over what comes with the package.

    Raises:
        CheckpointError: there is no such file, nor weights of this name.
    """
    path = Path(weights).expanduser()
    if pretrained.is_name(weights) and not path.exists():
        return pretrained.pretrained_file(weights)
    return chosen_checkpoint(path)


def _take_over_export(
    composed: DictConfig, path: Path, metadata: dict[str, str], typed: Sequence[str]
) -> list[str]:
    """Puts in what a file of ``export.py`` says about itself, as :func:`take_over` does."""
    if "model" not in metadata:
        return without_effect(typed)
    stored: dict[str, Any] = {"model": exported_model(path, metadata["model"], composed.trusted)}
    for group in ("protocol", "degradation"):
        try:
            node = json.loads(metadata.get(group, "null"))
        except json.JSONDecodeError:  # of version 0.1.0, which wrote the protocol's name
            continue
        if isinstance(node, dict):
            stored[group] = node
    return as_trained(composed, stored, typed, str(path))

"""The network of a configuration."""

from typing import Any

from omegaconf import DictConfig, OmegaConf

from sr_experiments.cli.build import build
from sr_experiments.models import Network


def chosen_model(config: DictConfig) -> dict[str, Any]:
    """The resolved ``model`` of the command line, with which a checkpoint's is compared."""
    content = OmegaConf.to_container(config.model, resolve=True)
    assert isinstance(content, dict)
    return {str(key): value for key, value in content.items()}


def build_network(model: DictConfig) -> Network:
    """The network of a node ``model``.

    Raises:
        ConfigError: its constructor refused a value.
    """
    network: Network = build("model", model)
    return network

"""The network of a configuration."""

from pathlib import Path
from typing import Any

import torch
from hydra.errors import InstantiationException
from omegaconf import DictConfig, OmegaConf

from sr_experiments.cli.build import blame, build
from sr_experiments.errors import CheckpointError, ConfigError, UserError
from sr_experiments.inference.checkpoints import load_into, read_checkpoint
from sr_experiments.models import SRCNN, Network
from sr_experiments.models.network import check_network


def chosen_model(config: DictConfig) -> dict[str, Any]:
    """The resolved ``model`` of the command line, with which a checkpoint's is compared."""
    content = OmegaConf.to_container(config.model, resolve=True)
    assert isinstance(content, dict)
    return {str(key): value for key, value in content.items()}


def build_network(model: DictConfig) -> Network:
    """The network of a node ``model``, of this project or from elsewhere.

    Raises:
        ConfigError: its constructor refused a value, or it is not what a network has to be.
    """
    target = model.get("_target_")
    if not target:
        raise ConfigError("model: names no network; choose model=... or give model._target_=...")
    try:
        return check_network(build("model", model))
    except (UserError, InstantiationException):
        raise
    except ValueError as error:
        raise ConfigError(f"model: {error}") from None
    except Exception as error:  # the code of a network from elsewhere runs here for the first time
        raise ConfigError(f"model: {target} cannot restore an image: {blame(error)}") from None


def load_trained(model: DictConfig, path: Path) -> Network:
    """The network of a node ``model`` with the weights of a checkpoint.

    Args:
        model: the checkpoint's, perhaps at other scales.
        path: the checkpoint.

    Raises:
        ConfigError: its weights do not fit the scales.
        CheckpointError: they do not fit at all, or cannot be read.
    """
    network = build_network(model)
    try:
        load_into(network, path)
    except CheckpointError:
        trained = read_checkpoint(path)["config"]["model"].get("scales")
        if list(model.scales) == trained:
            raise
        raise ConfigError(
            f"model.scales: {list(model.scales)} does not fit {path}, which holds "
            f"{type(network).__name__} for {trained}; leave model.scales=... out"
        ) from None
    return network


@torch.no_grad()
def padding_remark(network: Network, tolerance: float = 8.0) -> str:
    """What to say about SRCNN's padding where its weights were trained without; else nothing.

    The shapes of the weights do not tell. But zeros around an image that a network has never seen
    darken the borders of a gray one by some 50 levels, and by 1 or 2 if it was trained with them.

    Args:
        network: with its weights.
        tolerance: gray levels, of 255, by which borders may differ from the middle.
    """
    if not isinstance(network, SRCNN) or network.output_margin:
        return ""
    gray = torch.full((1, network.in_channels, 65, 65), 0.5)
    out = 255 * network.eval()(gray)
    middle = out[..., 32:33, 32:33]
    wrong = float((out - middle)[..., 0, :].abs().mean())
    if wrong < tolerance:
        return ""
    return (
        f"these weights of SRCNN seem to be trained without padding: with model.padding=true the "
        f"border of a gray image is {wrong:.0f} levels off; the paper's want model.padding=false"
    )

"""The network of a configuration."""

from typing import Any

from hydra.errors import InstantiationException
from omegaconf import DictConfig, OmegaConf

from sr_experiments.cli.build import blame, build
from sr_experiments.errors import ConfigError, UserError
from sr_experiments.models import Network
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
    except UserError:
        raise
    except InstantiationException as error:
        raise ConfigError(f"model: {target}: {blame(error.__cause__ or error)}") from None
    except ValueError as error:
        raise ConfigError(f"model: {error}") from None
    except Exception as error:  # the code of a network from elsewhere runs here for the first time
        raise ConfigError(f"model: {target} cannot restore an image: {blame(error)}") from None

"""``python app.py``: a page on this machine that enlarges pictures."""

import socket

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from sr_experiments import pretrained
from sr_experiments.cli.as_trained import say
from sr_experiments.cli.config.check import Config
from sr_experiments.cli.page.enlarge import Enlarger
from sr_experiments.cli.subject import load_subject
from sr_experiments.errors import ConfigError
from sr_experiments.models import Network

_OWN = ("weights=", "port=", "show=", "memory=", "max_mega", "trusted=", "device")


def app(composed: DictConfig) -> None:
    """Serves the page on 127.0.0.1 until Ctrl-C.

    Raises:
        ConfigError: a key is wrong, NiceGUI is not installed, or the port is in use.
        CheckpointError: weights cannot be read or do not fit.
    """
    try:
        from sr_experiments.cli.page.layout import HOST, serve
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("sr_experiments"):
            raise
        raise ConfigError(
            f"{error.name} is not installed; pip install 'sr-experiments[app]'"
        ) from None
    names = composed.weights
    if names is None:
        names = [*pretrained.names(), "bicubic"]
    names = [names] if isinstance(names, str) else list(names)
    if not names:
        raise ConfigError("weights: names none; give it as weights=[vdsr.safetensors]")
    typed = [key for key in HydraConfig.get().overrides.task if not key.startswith(_OWN)]

    def load(weights: str) -> tuple[Network, Config]:
        network, config, remarks = load_subject(composed.copy(), weights, typed)
        say(remarks)
        return network, config

    for name in names:  # so that what is wrong is said before the page is open
        load(name)
    with socket.socket() as probe:
        if not probe.connect_ex((HOST, composed.port)):
            raise ConfigError(f"port={composed.port}: is in use; choose another, as port=8081")
    print(f"http://{HOST}:{composed.port} until Ctrl-C; nothing is kept", flush=True)
    enlarger = Enlarger(load, composed.max_megapixels * 1e6)
    serve(enlarger, names, composed.max_megabytes * 2**20, composed.port, composed.show)

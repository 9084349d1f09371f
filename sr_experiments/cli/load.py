"""``sr_experiments.load``: the network of a file, for Python code."""

from collections.abc import Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.config.hints import explain
from sr_experiments.cli.subject import load_subject
from sr_experiments.errors import ConfigError
from sr_experiments.models import Network

# What predict.py asks for besides, and a run folder, which Hydra knows only in a command.
_UNUSED = ["weights=.", "input=.", "output=.", "run_dir=."]


def load(weights: str | Path, *overrides: str) -> Network:
    """Loads a network with its weights, as ``python predict.py weights=...`` does.

    Args:
        weights: a run folder, a checkpoint, a file of ``export.py``, the name of weights that come
            with the package, as "vdsr", a plain or foreign state dict (``.pth``,
            ``.safetensors``) with the overrides that name its network, or "bicubic".
        overrides: as on the command line, as ``"model=vdsr"``, ``"model.bias=false"``.

    Returns:
        The network in eval mode, on the processor: [B, C, H, W] -> [B, C, H', W'], values 0..1.
        ``sr_experiments.Upscaler`` enlarges images of any kind with it.

    Raises:
        ConfigError: an override is wrong, or contradicts the checkpoint.
        CheckpointError: the file is missing, broken, or does not fit the network.

    Examples:
        >>> import sr_experiments as sr
        >>> network = sr.load("vdsr.safetensors")
        >>> type(network).__name__, network.scales, network.training
        ('VDSR', (2, 3, 4), False)
        >>> sr.load("vdsr_state.pth", "model=vdsr", "model.depth=3", "model.channels=4").in_channels
        1
    """
    composed = _composed([*_UNUSED, *overrides])
    return load_subject(composed, str(weights), overrides).network


def _composed(overrides: Sequence[str]) -> DictConfig:
    """The configuration of ``predict.py``; a Hydra that is running already goes on afterwards."""
    running = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            return compose("predict", list(overrides))
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(explain(error, "predict", overrides)) from None
    finally:
        GlobalHydra.instance().hydra = running

"""``python export.py``: a network as a file for other programs, with a model card."""

import json
from pathlib import Path
from typing import Any, Literal

import skimage
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from sr_experiments.cli.as_trained import say
from sr_experiments.cli.config.check import Config, check_type
from sr_experiments.cli.model_card import model_card
from sr_experiments.cli.subject import load_subject, weights_path
from sr_experiments.errors import ConfigError
from sr_experiments.files import whole_file, write_whole, writing_to
from sr_experiments.inference.bicubic import Bicubic
from sr_experiments.inference.export import TOLERANCES, WRITERS, largest_difference, to_safetensors
from sr_experiments.models import Network
from sr_experiments.published import chosen_papers
from sr_experiments.runs.checkpoints import run_of

#: Freely licensed, of scikit-image.
_PHOTOGRAPH = Path(skimage.__file__).parent / "data" / "astronaut.png"


def export(composed: DictConfig) -> None:
    """Writes a network, once its copy computes the same, and its card.

    Raises:
        ConfigError: a key is wrong, the network cannot be exported, or its copy differs.
        CheckpointError: the weights cannot be read or do not fit.
        DiskFullError: there is no space.
    """
    check_type("weights", composed.weights, str)
    check_type("format", composed.format, Literal["safetensors", "onnx", "torch_export"])
    check_type("dtype", composed.dtype, Literal["float32", "float16"])
    if composed.dtype != "float32" and composed.format != "safetensors":
        raise ConfigError("dtype=float16: is for format=safetensors alone")
    chosen_papers(composed.published)
    weights, typed = str(composed.weights), HydraConfig.get().overrides.task
    network, config, remarks = load_subject(composed, weights, typed)
    say(remarks)
    if isinstance(network, Bicubic):
        raise ConfigError("weights=bicubic: there is no network to export")
    output = Path(config["output"]).expanduser()
    card = output.with_suffix(".md")
    for path in (output, card):
        if path.exists() and not config["overwrite"]:
            raise ConfigError(f"{path}: exists; overwrite=true replaces it")
    metadata = describe(network, config)
    content, difference = checked_copy(network, config["format"], metadata, config["dtype"])
    run = run_of(weights_path(weights))
    text = model_card(network, config, run, difference)
    with writing_to(output, "output=..."):
        with whole_file(output) as file:
            file.write(content)
        write_whole(card, text)
    print(f"{output}: {len(content):,} bytes, differs by at most {difference:.1e}\n{card}")


def describe(network: Network, config: Config) -> dict[str, str]:
    """What is stored inside the file: plain texts.

    Args:
        network: the exported one.
        config: of the command, with what the checkpoint brought.
    """
    about: dict[str, Any] = {
        "program": "sr_experiments",
        "architecture": type(network).__name__,
        "model": config["model"],
        "scales": network.scales,
        "input": "interpolated" if not network.upsamples else "low-resolution",
        "channels": "Y" if network.in_channels == 1 else "RGB",
        "protocol": config["protocol"],
        "degradation": config["degradation"],
        "run": str(config["weights"]),
    }
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in about.items()}


def checked_copy(
    network: Network, kind: str, metadata: dict[str, str], dtype: str = "float32"
) -> tuple[bytes, float]:
    """The file's content, and by how much it differs from the network on values 0..1.

    Args:
        network: in eval mode.
        kind: a key of `WRITERS`.
        metadata: stored in it.
        dtype: a key of `TOLERANCES`; float16 is for safetensors.

    Raises:
        ConfigError: the network cannot be exported, or its copy differs by more than is tolerated.
    """
    try:
        if kind == "safetensors":
            content, run = to_safetensors(network, metadata, dtype)
        else:
            content, run = WRITERS[kind](network, metadata)
        difference = largest_difference(network, run, _PHOTOGRAPH)
    except ConfigError:
        raise
    except Exception as error:  # exporters raise almost anything at what they do not know
        reason = " ".join(str(error).split())[:300]
        name = type(network).__name__
        raise ConfigError(f"format={kind}: {name} cannot be exported: {reason}") from None
    tolerance = TOLERANCES[dtype]
    if not difference <= tolerance:
        raise ConfigError(
            f"format={kind}: the copy differs by {difference:.1e} of 1 from the network, more than "
            f"{tolerance:.0e}; nothing was written"
        )
    return content, difference

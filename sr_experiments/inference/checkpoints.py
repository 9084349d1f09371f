"""Reading the project's checkpoints, without running code from them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from sr_experiments.errors import CheckpointError
from sr_experiments.inference.weights import convert_keys, load_weights
from sr_experiments.models import SRCNN, Network
from sr_experiments.runs.former_names import current_names
from sr_experiments.weight_file import read_weight_file


def read_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint of a training run, with the configuration it was made with.

    Nothing of that may be built but what `stored_model` returns.

    Raises:
        CheckpointError: there is no such file, it is broken, or not a checkpoint of this project.
    """
    checkpoint = read_weight_file(path)
    config = checkpoint.get("config") if isinstance(checkpoint, dict) else None
    whole = isinstance(config, dict) and isinstance(config.get("model"), dict)
    if not (whole and isinstance(checkpoint.get("state_dict"), dict)):
        raise CheckpointError(
            f"{path}: not a checkpoint of train.py; score plain weights with weights=... model=..."
        )
    return {**checkpoint, "config": current_names(checkpoint["config"])}


def load_into(network: Network, path: Path, keep: Sequence[str] = ()) -> list[str]:
    """Loads a file of weights, the project's or a known foreign kind, into a network.

    Args:
        network: whose weights are set.
        path: the file.
        keep: beginnings of names that stay as they are where the file's do not fit.

    Returns:
        The names that stayed as they were.

    Raises:
        CheckpointError: the file cannot be read or does not fit the network.
    """
    state = load_weights(path)
    try:
        converted = convert_keys(state, network, keep)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None
    return list(network.load_state_dict(converted, strict=False).missing_keys)


def check_resumable(path: Path, network: Network, adversarial: bool = False) -> None:
    """Makes sure that a run with this network can continue a checkpoint.

    Args:
        path: the checkpoint.
        network: the run's.
        adversarial: whether the run trains a discriminator too.

    Raises:
        CheckpointError: it cannot.
    """
    checkpoint = read_checkpoint(path)
    prefix = "network."
    stored = checkpoint["state_dict"]
    if any(k.startswith("discriminator.") for k in stored) != adversarial:
        kind = "without" if adversarial else "with"
        raise CheckpointError(
            f"{path}: comes from a run {kind} a discriminator, which this one cannot continue; "
            "start from its weights with init_from=... instead"
        )
    state = {k.removeprefix(prefix): v for k, v in stored.items() if k.startswith(prefix)}
    own = network.state_dict()
    if {k: v.shape for k, v in state.items()} != {k: v.shape for k, v in own.items()}:
        other = {k: v for k, v in checkpoint["config"]["model"].items() if k != "_target_"}
        name = str(checkpoint["config"]["model"].get("_target_")).rsplit(".", 1)[-1]
        raise CheckpointError(
            f"{path}: holds {name} with {other}, not the {type(network).__name__} of this run; "
            "give the same model=... options, or train without ckpt_path"
        )


@torch.no_grad()
def padding_remark(network: Network, tolerance: float = 8.0) -> list[str]:
    """A line about SRCNN's padding where its weights were trained without; else none.

    The shapes of the weights do not tell. But zeros around an image that a network has never seen
    darken the borders of a gray one by some 50 levels, and by 1 or 2 if it was trained with them.

    Args:
        network: with its weights.
        tolerance: gray levels, of 255, by which borders may differ from the middle.
    """
    if not isinstance(network, SRCNN) or network.output_margin:
        return []
    gray = torch.full((1, network.in_channels, 65, 65), 0.5)
    out = 255 * network.eval()(gray)
    middle = out[..., 32:33, 32:33]
    wrong = float((out - middle)[..., 0, :].abs().mean())
    if wrong < tolerance:
        return []
    return [
        f"these weights of SRCNN seem to be trained without padding: with model.padding=true the "
        f"border of a gray image is {wrong:.0f} levels off; the paper's want model.padding=false"
    ]

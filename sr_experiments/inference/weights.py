"""Weights from files: this project's checkpoints and those of well-known implementations."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from sr_experiments.errors import CheckpointError
from sr_experiments.models.layers.mean import DIV2K_RGB_MEAN
from sr_experiments.weight_file import read_weight_file

CONTAINERS = ("state_dict", "params_ema", "params", "model")
PREFIXES = ("module.", "network.")

EDSR_PYTORCH_RULES = (
    (r"^head\.0\.", "head."),
    (r"^body\.(\d+)\.body\.0\.(weight|bias)$", r"blocks.\1.conv1.\2"),
    (r"^body\.(\d+)\.body\.2\.(weight|bias)$", r"blocks.\1.conv2.\2"),
    (r"^body\.(\d+)\.body\.(\d+)\.body\.0\.", r"groups.\1.blocks.\2.conv1."),
    (r"^body\.(\d+)\.body\.(\d+)\.body\.2\.", r"groups.\1.blocks.\2.conv2."),
    (r"^body\.(\d+)\.body\.(\d+)\.body\.3\.conv_du\.0\.", r"groups.\1.blocks.\2.attention.reduce."),
    (r"^body\.(\d+)\.body\.(\d+)\.body\.3\.conv_du\.2\.", r"groups.\1.blocks.\2.attention.expand."),
    (r"^body\.\d+\.(weight|bias)$", r"fuse.\1"),
    (r"^tail\.0\.", "upsample."),
    (r"^tail\.1\.", "tail."),
)
RCAN_GROUP_RULE = (r"^body\.(\d+)\.body\.\d+\.(weight|bias)$", r"groups.\1.fuse.\2")
BASICSR_RULES = (
    (r"^conv_first\.", "head."),
    (r"^body\.(\d+)\.conv([12])\.", r"blocks.\1.conv\2."),
    (r"^body\.(\d+)\.residual_group\.(\d+)\.rcab\.0\.", r"groups.\1.blocks.\2.conv1."),
    (r"^body\.(\d+)\.residual_group\.(\d+)\.rcab\.2\.", r"groups.\1.blocks.\2.conv2."),
    (
        r"^body\.(\d+)\.residual_group\.(\d+)\.rcab\.3\.attention\.1\.",
        r"groups.\1.blocks.\2.attention.reduce.",
    ),
    (
        r"^body\.(\d+)\.residual_group\.(\d+)\.rcab\.3\.attention\.3\.",
        r"groups.\1.blocks.\2.attention.expand.",
    ),
    (r"^body\.(\d+)\.conv\.", r"groups.\1.fuse."),
    (r"^conv_after_body\.", "fuse."),
    (r"^upconv1\.", "upsample.0."),
    (r"^upconv2\.", "upsample.3."),
    (r"^conv_hr\.", "refine."),
    (r"^conv_last\.", "tail."),
)


@dataclass(frozen=True)
class WeightFormat:
    """How a public implementation names its weights.

    Attributes:
        name: the implementation.
        signature_key: a key that all its files have and no other's.
        rules: regular expressions and what takes the place of a match; the first that fits counts.
        pixel_range: the network computes on [0, pixel_range] instead of [0, 1].
    """

    name: str
    signature_key: str
    rules: Sequence[tuple[str, str]] = ()
    pixel_range: float = 1.0


FORMATS = (
    WeightFormat("DnCNN", "model.0.weight"),
    WeightFormat("DnCNN", "dncnn.0.weight"),
    WeightFormat("pytorch-vdsr", "residual_layer.0.conv.weight"),
    WeightFormat(
        "RCAN", "body.0.body.0.body.0.weight", (RCAN_GROUP_RULE, *EDSR_PYTORCH_RULES), 255.0
    ),
    WeightFormat("EDSR-PyTorch", "tail.1.weight", EDSR_PYTORCH_RULES, 255.0),
    WeightFormat("BasicSR", "conv_after_body.weight", BASICSR_RULES, 255.0),
    WeightFormat("BasicSR MSRResNet", "conv_hr.weight", BASICSR_RULES),
)


def load_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a file, without containers and wrappers around their names.

    Args:
        path: a `.safetensors` file, or one of `torch.save` that holds tensors in plain dicts. No
            code in it is run.

    Raises:
        CheckpointError: there is no such file, it is broken, or it holds something else.
    """
    path = Path(path)
    state = _unwrap_state_dict(read_weight_file(path))
    if not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise CheckpointError(
            f"{path}: holds no tensors by name, at the top or in {', '.join(CONTAINERS)}"
        )
    return state


def convert_keys(
    state: Mapping[str, Tensor], network: nn.Module, keep: Sequence[str] = ()
) -> dict[str, Tensor]:
    """Weights under the names, and in the range, of a network of this project.

    Networks that compute on [0, 255] get their first and last layer rescaled to [0, 1].

    Args:
        state: weights of this project, pytorch-vdsr, DnCNN, EDSR-PyTorch, RCAN, or BasicSR's
            EDSR, RCAN and MSRResNet.
        network: whom they are for.
        keep: beginnings of names that keep the network's own weights where these do not fit, as
            ["upsample."] when EDSR x3 starts from x2.

    Returns:
        What `network.load_state_dict` wants, without what keeps its own.

    Raises:
        CheckpointError: they do not fit; says which miss, are unexpected or have another shape.
    """
    own = network.state_dict()
    source = "these weights"
    if state.keys() != own.keys():
        for kind in FORMATS:
            if kind.signature_key in state:
                state, source = _renamed(state, kind), f"these {kind.name} weights"
                break
    misfits = {k for k in own if k not in state or state[k].shape != own[k].shape}
    wrong = {k for k in misfits | (state.keys() - own.keys()) if not k.startswith(tuple(keep))}
    if wrong:
        reasons = _reasons(sorted(wrong), state, own)
        raise CheckpointError(f"{source} do not fit {type(network).__name__}: {reasons}")
    return {k: state[k] for k in own if k not in misfits}


def _unwrap_state_dict(content: Any) -> dict[str, Any]:
    """The innermost dict, its keys without wrappers' prefixes."""
    while isinstance(content, Mapping):
        inner = next((content[c] for c in CONTAINERS if isinstance(content.get(c), Mapping)), None)
        if inner is None:
            break
        content = inner
    if not isinstance(content, Mapping):
        return {}
    state = {str(key).replace("_orig_mod.", ""): value for key, value in content.items()}
    while prefix := next((p for p in PREFIXES if any(k.startswith(p) for k in state)), None):
        # What is not below the prefix belongs to the wrapper, as the weights of a loss.
        state = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
    return state


def _renamed(state: Mapping[str, Tensor], kind: WeightFormat) -> dict[str, Tensor]:
    if kind.name == "pytorch-vdsr":
        return _renamed_vdsr(state)
    if kind.name == "DnCNN":
        return _renamed_dncnn(state)
    pixel_range = kind.pixel_range
    if "sub_mean.bias" in state:
        pixel_range = round(float(-state["sub_mean.bias"][0]) / DIV2K_RGB_MEAN[0])
    renamed = {
        _rename(key, kind.rules): value
        for key, value in state.items()
        if not key.startswith(("sub_mean.", "add_mean."))
    }
    factors = {"head.weight": pixel_range, "tail.weight": 1 / pixel_range}
    factors["tail.bias"] = factors["tail.weight"]
    return {k: v * factors[k] if factors.get(k, 1) != 1 else v for k, v in renamed.items()}


def _rename(key: str, rules: Iterable[tuple[str, str]]) -> str:
    for pattern, replacement in rules:
        renamed, hits = re.subn(pattern, replacement, key)
        if hits:
            return renamed
    return key


def _renamed_vdsr(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Layer i of VDSR's body stands at 2 i, behind a ReLU each."""
    hidden = sum(key.startswith("residual_layer.") for key in state)
    names = {f"residual_layer.{i}.conv.weight": f"body.{2 * i + 2}.weight" for i in range(hidden)}
    names |= {"input.weight": "body.0.weight", "output.weight": f"body.{2 * hidden + 2}.weight"}
    return {names.get(key, key): value for key, value in state.items()}


def _renamed_dncnn(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """KAIR's and the training codes' DnCNN: they subtract what they predict, here it is added.

    Batch normalisation behind a convolution, where it is not merged yet, becomes part of it.
    """
    name = "model" if "model.0.weight" in state else "dncnn"
    # Zhang's codes normalise with this epsilon; SaoYan's, which has no biases at all, with torch's.
    eps = 1e-4 if f"{name}.0.bias" in state else 1e-5
    convs = sorted(int(k.split(".")[1]) for k, v in state.items() if v.ndim == 4)
    renamed: dict[str, Tensor] = {}
    for i, place in enumerate(convs):
        weight = state[f"{name}.{place}.weight"].double()
        bias = state.get(f"{name}.{place}.bias", weight.new_zeros(len(weight))).double()
        norm = f"{name}.{place + 1}"
        if f"{norm}.running_var" in state:
            factor = state[f"{norm}.weight"] / (state[f"{norm}.running_var"].double() + eps).sqrt()
            bias = (bias - state[f"{norm}.running_mean"]) * factor + state[f"{norm}.bias"]
            weight = weight * factor.view(-1, 1, 1, 1)
        sign = -1 if place == convs[-1] else 1
        renamed[f"body.{2 * i}.weight"] = sign * weight.float()
        renamed[f"body.{2 * i}.bias"] = sign * bias.float()
    return renamed


def _reasons(keys: Sequence[str], state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> str:
    """Why keys do not fit, in one line: how many of each kind and the first two."""
    kinds = {
        "missing": [k for k in keys if k not in state],
        "unexpected": [k for k in keys if k not in own],
        "of another shape": [
            f"{k} {list(state[k].shape)} for {list(own[k].shape)}"
            for k in keys
            if k in state and k in own
        ],
    }
    return "; ".join(
        f"{len(found)} {kind} ({', '.join(found[:2])}{', ...' if len(found) > 2 else ''})"
        for kind, found in kinds.items()
        if found
    )

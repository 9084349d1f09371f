"""Networks as files for other programs, compared with the original before anybody gets them."""

import io
import logging
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor
from torch.export import Dim

from sr_experiments.errors import ConfigError
from sr_experiments.imaging import load_image, luma
from sr_experiments.models import Network
from sr_experiments.models.layers import fold_whitening

#: The largest difference that an exported network may make, on values 0..1, by its numbers' type.
#: Weights of 16 bits move values by some hundredths of a gray level.
TOLERANCES = {"float32": 1e-4, "float16": 1e-3}
_SIZES = ((24, 20), (37, 53), (64, 64))

Run = Callable[[Tensor], Tensor]


def to_safetensors(
    network: Network, metadata: Mapping[str, str], dtype: str = "float32"
) -> tuple[bytes, Run]:
    """The weights by their names, and what they compute in float32 once read again.

    Args:
        network: in eval mode, on the processor.
        metadata: stored with them.
        dtype: "float32", or "float16" for half the size.
    """
    kind = getattr(torch, dtype)
    state = {
        k: (v.to(kind) if v.is_floating_point() else v).detach().contiguous()
        for k, v in network.state_dict().items()
    }
    content = save(state, dict(metadata))
    own = network.state_dict()
    again = {k: v.to(own[k].dtype) for k, v in load(content).items()}
    return content, lambda x: torch.func.functional_call(network, again, (x,))


def to_torch_export(network: Network, metadata: Mapping[str, str]) -> tuple[bytes, Run]:
    """A program of ``torch.export`` with free sizes, and what it computes once read again.

    Args:
        network: in eval mode, on the processor.
        metadata: the file's extra files, by name.
    """
    file = io.BytesIO()
    torch.export.save(_program(network), file, extra_files=dict(metadata))
    content = file.getvalue()
    run: Run = torch.export.load(io.BytesIO(content)).module()
    return content, run


def to_onnx(network: Network, metadata: Mapping[str, str]) -> tuple[bytes, Run]:
    """An ONNX model with free sizes, and what ONNX Runtime computes with it.

    Args:
        network: in eval mode, on the processor.
        metadata: the model's properties.

    Raises:
        ConfigError: the packages of the extra ``[export]`` are missing.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401  # of torch's exporter
    except ImportError as error:
        raise ConfigError(
            f"format=onnx: {error.name} is not installed; pip install 'sr-experiments[export]'"
        ) from None
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    made = torch.onnx.export(
        _program(network), dynamo=True, input_names=["image"], output_names=["restored"],
        verbose=False,
    )  # fmt: skip
    assert made is not None
    model = made.model_proto
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    content: bytes = model.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def run(x: Tensor) -> Tensor:
        (out,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
        return torch.from_numpy(np.asarray(out))

    return content, run


WRITERS = {"safetensors": to_safetensors, "onnx": to_onnx, "torch_export": to_torch_export}


@torch.no_grad()
def largest_difference(network: Network, run: Run, photograph: Path | None = None) -> float:
    """How far a copy is from the network, on noise of three sizes and on a photograph.

    Args:
        network: the original.
        run: the copy.
        photograph: a file; None: noise alone.
    """
    channels, generator = network.in_channels, torch.Generator().manual_seed(0)
    images = [torch.rand(1, channels, *size, generator=generator) for size in _SIZES]
    if photograph:
        real = load_image(photograph)[None, :, :160, :200].float()
        images.append((luma(real) if channels == 1 else real.expand(-1, 3, -1, -1)) / 255)
    return max(float((run(x) - network(x)).abs().max()) for x in images)


def read_metadata(path: Path) -> dict[str, str]:
    """What a safetensors file says about itself; empty for other files."""
    try:
        with safe_open(path, "pt") as file:
            return dict(file.metadata() or {})
    except (OSError, SafetensorError, ValueError):
        return {}


def _program(network: Network) -> torch.export.ExportedProgram:
    x = torch.zeros(2, network.in_channels, 24, 20)
    sizes = {0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.export.export(fold_whitening(network), (x,), dynamic_shapes=(sizes,))

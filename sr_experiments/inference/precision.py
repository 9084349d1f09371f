"""Scores in full precision, whatever training computes in."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn
from torch.func import functional_call


@contextmanager
def full_precision() -> Iterator[None]:
    """Leaves autocast, and switches TF32 off, on every device; restores both at the end.

    Nor does cuDNN try its algorithms: images differ in size, and each new size would cost seconds.
    """
    cudnn, matmul = torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()
    benchmark = torch.backends.cudnn.benchmark
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    with ExitStack() as stack:
        for device in {"cpu", accelerator.type if accelerator else "cpu"}:
            stack.enter_context(torch.autocast(device, enabled=False))
        torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = False
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.backends.cudnn.allow_tf32 = cudnn
            torch.backends.cudnn.benchmark = benchmark
            torch.set_float32_matmul_precision(matmul)


def call_widened(network: nn.Module, x: Tensor) -> Tensor:
    """Computes in float32 with weights that are kept in half precision (``bf16-true``).

    Args:
        network: the network; its own weights stay as they are.
        x: its input; it gets the type of the weights if they are not of half precision.

    Returns:
        the network's output, in float32 or float64.
    """
    state = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    wide = {name: t.float() for name, t in state.items() if _half(t)}
    weight = next(network.parameters(), x)
    x = x.to(torch.float32 if _half(weight) else weight.dtype)
    result: Tensor = functional_call(network, wide, (x,)) if wide else network(x)
    return result


def _half(x: Tensor) -> bool:
    return x.is_floating_point() and x.itemsize < 4

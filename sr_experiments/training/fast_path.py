"""Other ways to compute a training step, equal but for rounding."""

import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sr_experiments.errors import ConfigError


@dataclass(frozen=True)
class FastPath:
    """How a training step is computed; the plain way by default.

    Attributes:
        precision: Lightning's word, as ``bf16-mixed``.
        tf32: float32 products and convolutions in TF32 (10 bits of mantissa), where the GPU has it.
        channels_last: the network's memory format.
        compile: the network by ``torch.compile``.
        fused: the optimizer's step in one kernel.
    """

    precision: str | int | None = "32-true"
    tf32: bool = False
    channels_last: bool = False
    compile: bool = False
    fused: bool = False

    def __str__(self) -> str:
        words = [("tf32" if self.tf32 else str(self.precision)).removesuffix("-true")]
        for name in ("channels_last", "compile", "fused"):
            words += [name] * getattr(self, name)
        return " ".join(words)

    @property
    def autocast(self) -> torch.dtype | None:
        """The type that autocast computes in; None where it does not."""
        return {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(str(self.precision))


def set_backends(path: FastPath, benchmark: bool) -> None:
    """Sets what torch has one switch for in a process.

    Args:
        path: decides on TF32, which cuDNN would use unasked.
        benchmark: cuDNN tries its algorithms on the first batch of each size.
    """
    torch.backends.cudnn.allow_tf32 = path.tf32
    torch.set_float32_matmul_precision("high" if path.tf32 else "highest")
    torch.backends.cudnn.benchmark = benchmark


def takes_fused(kind: str) -> bool:
    """Whether an optimizer's class, by its dotted path, has a fused kernel."""
    try:
        return "fused" in inspect.signature(pkgutil.resolve_name(kind)).parameters
    except (ImportError, AttributeError, TypeError, ValueError):
        return False  # which is reported where the optimizer is made


def fast_forward(
    network: nn.Module, compile: bool = False, channels_last: bool = False
) -> Callable[[Tensor], Tensor]:
    """Computes a network's output as training does; scoring calls the network itself.

    Args:
        network: from [B, C, H, W] to [B, C, H', W']; its weights are laid out anew where
            ``channels_last`` asks for it, its keys stay.
        compile: by ``torch.compile``, for each size of a batch anew, when the first one comes.
        channels_last: weights and inputs lie as [B, H, W, C] in memory.
    """
    forward: Callable[[Tensor], Tensor] = network
    if compile:
        forward = _compiled(network)
    if not channels_last:
        return forward
    network.to(memory_format=torch.channels_last)
    return lambda x: forward(x.contiguous(memory_format=torch.channels_last))


def _compiled(network: nn.Module) -> Callable[[Tensor], Tensor]:
    # Of its forward method, not the module: scoring whole images would compile for every size.
    compiled = torch.compile(network.forward, dynamic=False)

    def forward(x: Tensor) -> Tensor:
        try:
            out: Tensor = compiled(x)
        except Exception as error:
            if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
                raise
            first = next(filter(None, map(str.strip, str(error).splitlines())), "")
            raise ConfigError(
                f"device.compile: torch.compile fails for {type(network).__name__} here ({first}); "
                "device.compile=false trains without"
            ) from error
        return out

    return forward

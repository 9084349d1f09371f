"""Other ways to compute a training step's network, equal but for rounding."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sr_experiments.errors import ConfigError


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

"""A training step without Lightning: what fast paths are compared by, and the trainer with."""

import time
from collections.abc import Callable, Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from sr_experiments.training.clipping import Clipping, NoClipping
from sr_experiments.training.fast_path import FastPath, fast_forward


class BareStep:
    """Steps of a copy of a network: forward, loss, backward, clipping, update.

    Args:
        network: from [B, C, H, W] to [B, C, H', W'], both in [0, 1]; it stays as it is.
        loss: of prediction and target, a scalar.
        optimizer: makes the optimizer of a network.
        path: how a step is computed.
        device: where.
        clipping: of the gradients; None: none.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: Callable[[Tensor, Tensor], Tensor],
        optimizer: Callable[[nn.Module], Optimizer],
        path: FastPath,
        device: torch.device,
        clipping: Clipping | None = None,
    ) -> None:
        self.network = deepcopy(network).to(device).train()
        self.forward = fast_forward(self.network, path.compile, path.channels_last)
        self.loss = loss
        self.optimizer = optimizer(self.network)
        self.dtype = path.autocast
        self.device = device
        self.clipping = clipping or NoClipping()

    def __call__(self, x: Tensor, target: Tensor) -> Tensor:
        """One step; the loss, a scalar that nobody waits for."""
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not None):
            loss = self.loss(self.forward(x), target)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.clipping(self.optimizer.param_groups, count=False)
        self.optimizer.step()
        return loss.detach()


def wait_for(device: torch.device) -> None:
    """Until an accelerator has done what it was given."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def alternate(
    ways: Mapping[str, Callable[[], object]],
    device: torch.device,
    rounds: int,
    warmup: int = 1,
) -> dict[str, list[float]]:
    """Times several ways in turn, so that what else the machine does meets all of them alike.

    Args:
        ways: what is timed, by name.
        device: where they compute; it is waited for before and after each call.
        rounds: timed calls of each.
        warmup: calls before them.

    Returns:
        Seconds of each call, by name.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(warmup + rounds):
        for name, way in ways.items():
            wait_for(device)
            started = time.perf_counter()
            way()
            wait_for(device)
            if turn >= warmup:
                seconds[name].append(time.perf_counter() - started)
    return seconds

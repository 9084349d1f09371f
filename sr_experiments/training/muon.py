"""Muon for convolutions: momentum whose matrices are made orthogonal (Jordan et al., 2024)."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic iteration, Jordan's


class Muon(Optimizer):
    """Orthogonalises the momentum of weights; biases and other vectors are Adam's.

    ``torch.optim.Muon`` takes matrices alone; here a kernel [out, in, k, k] is the matrix
    [out, in * k * k]. A step's root mean square is 0.2, as Adam's is about (Liu et al., 2025,
    Eq. 4), so that rates of AdamW fit.

    Args:
        params: parameters, or groups of them.
        lr: the learning rate of all.
        momentum: of the weights, with Nesterov's look ahead.
        betas: of Adam for the others.
        eps: of Adam.
        weight_decay: decoupled, times the rate.
        steps: Newton-Schulz iterations.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float = 1e-3,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        steps: int = 5,
    ) -> None:
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be in [0, 1), got {momentum}")
        options = {"momentum": momentum, "betas": tuple(betas), "eps": eps, "steps": steps}
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, **options})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Moves all parameters that have a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                direction = _muon if parameter.ndim > 1 else _adam
                update = direction(parameter.grad, self.state[parameter], group)
                parameter.add_(update.view_as(parameter), alpha=-group["lr"])
        return loss


def orthogonalise(matrix: Tensor, steps: int = 5) -> Tensor:
    """Brings singular values of a matrix [rows, columns] near 1, by Newton-Schulz iterations."""
    a, b, c = _COEFFICIENTS
    wide = matrix if matrix.size(0) <= matrix.size(1) else matrix.T
    x: Tensor = wide / wide.norm().clamp(min=1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if wide is matrix else x.T


def _muon(gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
    average: Tensor = state.setdefault("momentum", torch.zeros_like(gradient))
    average.lerp_(gradient, 1 - group["momentum"])
    matrix = gradient.lerp(average, group["momentum"]).flatten(1)
    size = 0.2 * math.sqrt(max(matrix.shape))
    return orthogonalise(matrix, group["steps"]) * size


def _adam(gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
    first, second = group["betas"]
    state["step"] = step = state.get("step", 0) + 1
    mean: Tensor = state.setdefault("mean", torch.zeros_like(gradient))
    mean.lerp_(gradient, 1 - first)
    square: Tensor = state.setdefault("square", torch.zeros_like(gradient))
    square.lerp_(gradient**2, 1 - second)
    scale = (square / (1 - second**step)).sqrt().add(group["eps"])
    return mean.div(1 - first**step).div(scale)

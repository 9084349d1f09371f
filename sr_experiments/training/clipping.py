"""Gradient clipping: callables on an optimizer's parameter groups, called on unscaled gradients.

Each returns the fraction of gradient elements that it changed, where that is asked for: counting
costs as much as clipping.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from sr_experiments.ranges import Positive

ParamGroups = Sequence[dict[str, Any]]


class Clipping(Protocol):
    """Clips the gradients of all parameter groups in place."""

    def __call__(self, groups: ParamGroups, count: bool = True) -> Tensor | None:
        """Returns the fraction of changed gradient elements, a scalar in [0, 1], if ``count``."""


def _gradients(group: dict[str, Any]) -> list[Tensor]:
    return [p.grad for p in group["params"] if p.grad is not None]


def _positive(name: str, value: float) -> float:
    if not value > 0:
        raise ValueError(f"{name} must be positive, got {value}")
    return value


def _clamp(limits: Sequence[tuple[list[Tensor], float]], count: bool) -> Tensor | None:
    """Clamps each list of gradients to [-limit, limit]; the fraction of elements that changed."""
    fraction = _fraction_beyond(limits) if count else None
    for gradients, limit in limits:
        if gradients:
            torch._foreach_clamp_min_(gradients, -limit)
            torch._foreach_clamp_max_(gradients, limit)
    return fraction


def _fraction_beyond(limits: Sequence[tuple[list[Tensor], float]]) -> Tensor:
    beyond = [(g.abs() > limit).sum() for gradients, limit in limits for g in gradients]
    total = sum(g.numel() for gradients, _ in limits for g in gradients)
    return torch.stack(beyond).sum() / total if beyond else torch.tensor(0.0)


class NoClipping:
    """Leaves gradients as they are."""

    def __call__(self, groups: ParamGroups, count: bool = True) -> Tensor | None:
        return torch.tensor(0.0) if count else None


class NormClipping:
    """Scales all gradients together so that their L2 norm is at most ``max_norm``."""

    def __init__(self, max_norm: Positive) -> None:
        self.max_norm = _positive("max_norm", max_norm)

    def __call__(self, groups: ParamGroups, count: bool = True) -> Tensor | None:
        norm = clip_grad_norm_([p for group in groups for p in group["params"]], self.max_norm)
        return (norm > self.max_norm).float() if count else None


class ValueClipping:
    """Clamps each gradient element to [-max_value, max_value]."""

    def __init__(self, max_value: Positive) -> None:
        self.max_value = _positive("max_value", max_value)

    def __call__(self, groups: ParamGroups, count: bool = True) -> Tensor | None:
        return _clamp([(_gradients(group), self.max_value) for group in groups], count)


class AdjustableClipping:
    """Clamps each gradient element to [-theta / gamma, theta / gamma] (VDSR, Sec. 3.2).

    gamma is the current learning rate of the element's parameter group, so that no step of plain
    gradient descent moves a weight by more than theta, whatever the schedule does.

    Args:
        theta: the largest step; the paper gives no number. The right one depends on the loss's
            scale: the default belongs to ``MSELoss(reduction="half_sum")``.
    """

    def __init__(self, theta: Positive = 1e-4) -> None:
        self.theta = _positive("theta", theta)

    def __call__(self, groups: ParamGroups, count: bool = True) -> Tensor | None:
        # At a rate of 0 nothing moves, and the limit is infinite.
        limits = [self.theta / lr if (lr := group["lr"]) else float("inf") for group in groups]
        pairs = zip(groups, limits, strict=True)
        return _clamp([(_gradients(group), limit) for group, limit in pairs], count)

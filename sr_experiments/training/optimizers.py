"""Optimizers with layer-wise learning rates.

``lr_factors`` maps patterns of parameter names to factors of the learning rate, as
``{"*.bias": 0.1, "conv3.*": 0.1}``; the first pattern that matches counts, others have factor 1.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

Factors = Mapping[str, float] | None
Group = dict[str, object]


def _param_groups(network: nn.Module, lr: float, factors: Factors) -> list[Group]:
    if not lr >= 0:
        raise ValueError(f"lr must be at least 0, got {lr}")
    names = [name for name, parameter in network.named_parameters() if parameter.requires_grad]
    factors = dict(factors or {})
    for pattern in factors:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise ValueError(
                f"lr_factors: no parameter of {type(network).__name__} matches {pattern!r}; "
                f"its parameters are {' '.join(names)}"
            )
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            factor = next((f for pattern, f in factors.items() if fnmatchcase(name, pattern)), 1.0)
            groups.setdefault(factor, []).append(parameter)
    return [{"params": parameters, "lr": lr * factor} for factor, parameters in groups.items()]


def sgd(
    network: nn.Module,
    lr: float,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    lr_factors: Factors = None,
) -> Optimizer:
    """Stochastic gradient descent."""
    return SGD(
        _param_groups(network, lr, lr_factors),
        lr=lr,
        momentum=momentum,
        weight_decay=weight_decay,
        nesterov=nesterov,
    )


def adam(
    network: nn.Module,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    lr_factors: Factors = None,
) -> Optimizer:
    """Adam; weight decay is added to the gradient."""
    groups = _param_groups(network, lr, lr_factors)
    return Adam(groups, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)


def adamw(
    network: nn.Module,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    lr_factors: Factors = None,
) -> Optimizer:
    """Adam with decoupled weight decay."""
    groups = _param_groups(network, lr, lr_factors)
    return AdamW(groups, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

"""Any optimizer of torch or of a library, with layer-wise learning rates."""

import inspect
import pkgutil
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from sr_experiments.ranges import NonNegative


def make_optimizer(
    network: nn.Module,
    kind: str,
    lr: NonNegative,
    lr_factors: Mapping[str, float] | None = None,
    **options: Any,
) -> Optimizer:
    """Makes an optimizer of a network's trainable parameters.

    Args:
        network: whose parameters are optimised.
        kind: dotted path of the optimizer's class, as ``torch.optim.SGD``.
        lr: the learning rate, at least 0.
        lr_factors: from patterns of parameter names to factors of the learning rate, as
            ``{"*.bias": 0.1, "conv3.*": 0.1}``; the first pattern that matches counts, others have
            factor 1.
        options: further arguments of the class.

    Raises:
        ValueError: there is no such class, it refuses an option, or a pattern matches nothing.
    """
    if not lr >= 0:
        raise ValueError(f"lr must be at least 0, got {lr}")
    made: Optimizer = construct(kind, _groups(network, lr, lr_factors or {}), lr=lr, **options)
    return made


def construct(kind: str, *arguments: Any, **options: Any) -> Any:
    """Makes an object of a class that is given by its dotted path.

    Args:
        kind: the path.
        arguments: for the class.
        options: further ones, by name.

    Raises:
        ValueError: there is no such class, or it refuses an option.
    """
    try:
        made = pkgutil.resolve_name(kind)
        taken = inspect.signature(made).parameters
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"kind: cannot find a class {kind!r} ({error})") from None
    open_ended = any(p.kind is p.VAR_KEYWORD for p in taken.values())
    for name in options:
        if name not in taken and not open_ended:
            raise ValueError(f"{name}: {kind} does not take it; it takes {' '.join(taken)}")
    try:
        return made(*arguments, **options)
    except (TypeError, ValueError) as error:
        raise ValueError(f"kind: {kind}: {error}") from None


def place_counts(optimizer: Optimizer) -> None:
    """Puts Adam's counts of steps where the optimizer wants them, whatever the checkpoint's was.

    Fused optimizers keep them beside the parameters, others on the processor.
    """
    for group in optimizer.param_groups:
        beside = bool(group.get("fused") or group.get("capturable"))
        for parameter in group["params"]:
            state = optimizer.state.get(parameter, {})
            if isinstance(step := state.get("step"), Tensor):
                state["step"] = step.to(parameter.device if beside else "cpu")


def _groups(network: nn.Module, lr: float, factors: Mapping[str, float]) -> list[dict[str, Any]]:
    named = {name: p for name, p in network.named_parameters() if p.requires_grad}
    for pattern in factors:
        if not any(fnmatchcase(name, pattern) for name in named):
            raise ValueError(
                f"lr_factors: no parameter of {type(network).__name__} matches {pattern!r}; "
                f"its parameters are {' '.join(named)}"
            )
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in named.items():
        factor = next((f for pattern, f in factors.items() if fnmatchcase(name, pattern)), 1.0)
        groups.setdefault(factor, []).append(parameter)
    return [{"params": parameters, "lr": lr * factor} for factor, parameters in groups.items()]

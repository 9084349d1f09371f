"""Hydra's sweep syntax as search space of Optuna."""

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.types import (
    ChoiceSweep,
    IntervalSweep,
    Override,
    RangeSweep,
)
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from sr_experiments.errors import ConfigError


def split(overrides: Sequence[Override]) -> tuple[list[str], dict[str, BaseDistribution]]:
    """What is fixed, as overrides, and what is searched, as distributions.

    ``choice(a, b)`` is a set, ``range(a, b, step)`` integers, ``interval(a, b)`` real numbers,
    and ``tag(log, interval(a, b))`` those on a logarithmic scale.
    """
    fixed, searched = [], {}
    for override in overrides:
        key = override.get_key_element()
        if override.is_sweep_override():
            searched[key] = _distribution(override)
        else:
            fixed.append(f"{key}={override.get_value_element_as_str()}")
    return fixed, searched


def assigned(values: Mapping[str, Any]) -> list[str]:
    """The values of a trial as overrides."""
    return [
        f"{key}={value!r}" if isinstance(value, float) else f"{key}={value}"
        for key, value in values.items()
    ]


def example(space: Mapping[str, Any]) -> dict[str, Any]:
    """A value of each distribution."""
    return {
        key: found.choices[0] if isinstance(found, CategoricalDistribution) else found.low
        for key, found in space.items()
    }


def _distribution(override: Override) -> BaseDistribution:
    sweep: Any = override.value()
    key = override.get_key_element()
    if isinstance(sweep, IntervalSweep):
        log = "log" in sweep.tags
        if log and not 0 < sweep.start < sweep.end:  # type: ignore[operator]
            raise ConfigError(f"{key}: a logarithmic interval needs 0 < start < end")
        return FloatDistribution(sweep.start, sweep.end, log=log)  # type: ignore[arg-type]
    if isinstance(sweep, RangeSweep):
        start, stop, step = sweep.start, sweep.stop, sweep.step
        if isinstance(start, int) and isinstance(stop, int) and isinstance(step, int):
            return IntDistribution(start, stop - 1, step=step)
    if isinstance(sweep, ChoiceSweep | RangeSweep):
        return CategoricalDistribution(list(override.sweep_string_iterator()))
    raise ConfigError(f"{key}: give choice(...), range(...) or interval(...)")

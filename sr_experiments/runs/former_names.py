"""What files of earlier versions call things that have another name now.

An entry is kept for one release after the renaming.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_CALLBACKS = "sr_experiments.training.callbacks"
#: ``_target_`` paths, whole or up to a dot, and what stands for them now.
TARGETS = {
    "sr_experiments.cli.metric_logger": "sr_experiments.training.metric_logger",
    "sr_experiments.data.Degradation": "sr_experiments.imaging.Degradation",
    "sr_experiments.training.clock.Clock": f"{_CALLBACKS}.timing.TrainingTimer",
    "sr_experiments.training.data_wait.DataWait": f"{_CALLBACKS}.timing.DataWaitMonitor",
    **{
        f"sr_experiments.training.{module}": f"{_CALLBACKS}.{module}"
        for module in ("average", "checkpoints", "ending", "guard", "progress")
    },
}
#: Keys of the configuration, whole or up to a dot.
KEYS = {
    "eval": "protocol",
    "panels": "log_images",
    "set": "dataset",
    "metrics.features.measure": "metrics.features.function",
    "study.arms": "study.variants",
    "study.arm": "study.variant",
}

#: Options of groups and values of keys that were renamed.
VALUES: dict[str, dict[str, str]] = {
    "experiment": {"srgan": "srgan_backbones"},
    "study.size": {"mini": "tiny"},
    "hparams_search": {"optuna": "vdsr_optuna"},
}
_OVERRIDE = re.compile(r"(~|\+{0,2})([^=@]+)(@[^=]*)?(?:=(.*))?")


def current_override(override: str) -> str:
    """An override as it is written now; others, and what is none, as they are."""
    match = _OVERRIDE.fullmatch(override)
    if not match or override.startswith("-"):
        return override
    sign, key, package, value = match.groups()
    key = _replaced(key, KEYS)
    written = f"{sign}{key}{package or ''}"
    if value is None:
        return written
    renamed = VALUES.get(key, {})
    return f"{written}={','.join(renamed.get(each, each) for each in value.split(','))}"


class Merged(NamedTuple):
    """What stands for a former class or function that takes other arguments now."""

    target: str
    added: Mapping[str, Any] = {}  # arguments beside the former ones
    renamed: Mapping[str, str] = {}  # former arguments and their present names


_OPTIMIZERS, _SCHEDULES = (f"sr_experiments.training.{m}" for m in ("optimizers", "schedules"))
_OPTIMIZER, _SCHEDULE = f"{_OPTIMIZERS}.make_optimizer", f"{_SCHEDULES}.make_schedule"
_TORCH = "torch.optim.lr_scheduler"
_METRICS = "sr_experiments.metrics"
_COSINE = {"kind": f"{_TORCH}.CosineAnnealingLR", "length_option": "T_max"}
#: ``_target_`` paths of what has become one with others.
MERGED = {
    f"{_OPTIMIZERS}.sgd": Merged(_OPTIMIZER, {"kind": "torch.optim.SGD"}),
    f"{_OPTIMIZERS}.adam": Merged(_OPTIMIZER, {"kind": "torch.optim.Adam"}),
    f"{_OPTIMIZERS}.adamw": Merged(_OPTIMIZER, {"kind": "torch.optim.AdamW"}),
    f"{_METRICS}.Measure": Merged(f"{_METRICS}.ImageMetric", renamed={"measure": "function"}),
    f"{_SCHEDULES}.constant": Merged(_SCHEDULE, {"kind": f"{_TORCH}.ConstantLR", "factor": 1.0}),
    f"{_SCHEDULES}.step": Merged(_SCHEDULE, {"kind": f"{_TORCH}.StepLR"}),
    f"{_SCHEDULES}.multistep": Merged(_SCHEDULE, {"kind": f"{_TORCH}.MultiStepLR"}),
    f"{_SCHEDULES}.cosine": Merged(_SCHEDULE, _COSINE, {"min_lr": "eta_min"}),
}


def current_names(config: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded configuration as this version would have recorded it."""
    renamed = {}
    for key, value in config.items():
        group = _replaced(key, KEYS)
        if isinstance(value, Mapping):
            value = {
                _replaced(f"{key}.{name}", KEYS).removeprefix(f"{group}.")
                if isinstance(name, str)
                else name: each
                for name, each in value.items()
            }
        renamed[group] = current_targets(value)
    return renamed


def current_targets(node: Any) -> Any:
    """Plain values, nested, with each ``_target_`` by its present path."""
    if isinstance(node, list):
        return [current_targets(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    target = node.get("_target_")
    merged = MERGED.get(target) if isinstance(target, str) else None
    renamed = merged.renamed if merged else {}
    present = {renamed.get(key, key): current_targets(value) for key, value in node.items()}
    if merged:
        return {**present, "_target_": merged.target, **merged.added}
    return {**present, "_target_": _path(target)} if "_target_" in node else present


def _path(target: Any) -> Any:
    return _replaced(target, TARGETS) if isinstance(target, str) else target


def _replaced(path: str, names: Mapping[str, str]) -> str:
    """A dotted path with its beginning by its present name."""
    for former, present in names.items():
        if f"{path}.".startswith(f"{former}."):
            return present + path[len(former) :]
    return path

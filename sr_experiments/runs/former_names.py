"""What files of earlier versions call things that have another name now.

An entry is kept for one release after the renaming.
"""

from collections.abc import Mapping
from typing import Any

#: ``_target_`` paths, whole or up to a dot, and what stands for them now.
TARGETS: dict[str, str] = {}
#: Keys at the top of a configuration.
KEYS: dict[str, str] = {}


def current_names(config: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded configuration as this version would have recorded it."""
    return {KEYS.get(key, key): current_targets(value) for key, value in config.items()}


def current_targets(node: Any) -> Any:
    """Plain values, nested, with each ``_target_`` by its present path."""
    if isinstance(node, Mapping):
        return {
            key: _path(value) if key == "_target_" else current_targets(value)
            for key, value in node.items()
        }
    return [current_targets(each) for each in node] if isinstance(node, list) else node


def _path(target: Any) -> Any:
    for former, present in TARGETS.items():
        if isinstance(target, str) and f"{target}.".startswith(f"{former}."):
            return present + target[len(former) :]
    return target

"""The keys of ``device``: those of this project, and those of Lightning's Trainer."""

from collections.abc import Mapping
from typing import Any, Literal

_Switch = bool | Literal["auto"] | None
#: Types of this project's keys; all others are the Trainer's.
OWN_DEVICE_KEYS = {
    "effective_batch": int | None,
    "scale_lr": Literal["linear", "sqrt"] | None,
    "channels_last": _Switch,
    "compile": _Switch,
    "fused": _Switch,
    "tune": bool | None,
}
#: Words of ``device.precision`` that Lightning does not know, or calls otherwise.
LIGHTNING_PRECISION = {"auto": "32-true", "32": "32-true", "tf32": "32-true", "bf16": "bf16-mixed"}


def lightning_arguments(device: Mapping[Any, Any]) -> dict[str, Any]:
    """The keys of ``device`` that are arguments of Lightning's Trainer."""
    known = {str(key): value for key, value in device.items() if key not in OWN_DEVICE_KEYS}
    if "precision" in known:
        precision = known["precision"]
        known["precision"] = LIGHTNING_PRECISION.get(str(precision), precision)
    return known

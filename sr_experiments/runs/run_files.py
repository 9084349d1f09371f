"""``config.yaml`` and ``overrides.yaml``, read as if this version had written them."""

import json
from pathlib import Path
from typing import Any

import yaml

from sr_experiments.runs.former_names import current_names, current_override

CONFIG, OVERRIDES, ENVIRONMENT = "config.yaml", "overrides.yaml", "environment.json"
METRICS, RESULTS = "metrics.csv", "results.csv"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: What reading a damaged or foreign file may raise.
BROKEN = (OSError, ValueError, TypeError, AttributeError, RecursionError, yaml.YAMLError)


def read_config(folder: Path) -> dict[str, Any] | None:
    """The recorded configuration of a run; None where there is none that can be read."""
    try:
        content = read_record(folder / CONFIG)
    except BROKEN:
        return None
    return current_names(content) if isinstance(content, dict) else None


def read_overrides(folder: Path) -> list[str] | None:
    """What was typed for a run, or for a sweep; None where there is no such list."""
    try:
        content = read_record(folder / OVERRIDES)
    except BROKEN:
        return None
    return [current_override(str(each)) for each in content] if isinstance(content, list) else None


def read_record(path: Path) -> Any:
    """The content of a JSON or YAML file; None where there is none.

    Raises:
        Exception: one of ``BROKEN``.
    """
    if not path.exists():
        return None
    text = path.read_text(encoding="utf-8")
    if not text.strip():
        raise ValueError("it is empty")
    return json.loads(text) if path.suffix == ".json" else yaml.load(text, _LOADER)

"""One run folder, read so that whatever is wrong with it becomes a part of the answer."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from sr_experiments.runs.former_names import current_names
from sr_experiments.studies.life import changed, state_of
from sr_experiments.studies.metrics_file import Measured, read_metrics, read_results
from sr_experiments.studies.run import Run

_KNOWN_SCHEMA = 1
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BROKEN = (OSError, ValueError, TypeError, AttributeError, RecursionError, yaml.YAMLError)


def read_run(folder: Path, typed: Mapping[str, str] | None = None) -> Run:
    """Reads a run folder; nothing that is wrong with its files is raised.

    Args:
        folder: the run folder.
        typed: what its sweep recorded of its overrides, for a run that left no configuration.
    """
    wrong: list[str] = []
    config, status = _mapping(folder, "config.yaml", wrong), _mapping(folder, "status.json", wrong)
    config = current_names(config)
    measured = Measured({}, {}, cut=False)
    scores: dict[str, float] = {}
    bicubic: dict[str, float] = {}
    protocol = ""
    with _noting("metrics.csv", wrong):
        measured = read_metrics(folder / "metrics.csv")
    with _noting("results.csv", wrong):
        channel = str((config.get("eval") or {}).get("channel", "y"))
        scores, bicubic, protocol = read_results(folder / "results.csv", channel)
    recorded: dict[str, float] = {}
    seconds = 0.0
    with _noting("status.json", wrong):
        recorded = {str(k): float(v) for k, v in (status.get("metrics") or {}).items()}
        seconds = float(status.get("seconds") or 0.0)
    state, error = state_of(folder, status, bool(config))
    if measured.cut and state != "running":
        wrong.append("metrics.csv ends in the middle of a row")
    remarks = _schema_remarks(status)
    overrides = _parsed(folder, "overrides.yaml", remarks)
    environment = _mapping(folder, "environment.json", remarks)
    return Run(
        folder=folder,
        state="unreadable" if wrong else state,
        error="; ".join(wrong) or error,
        config=config or partial_config(typed or {}),
        overrides=[str(each) for each in overrides]
        if isinstance(overrides, list)
        else as_overrides(typed or {}),
        metrics={**measured.newest, **scores, **recorded},
        curves=measured.curves,
        bicubic=bicubic,
        protocol=protocol,
        environment=environment,
        seconds=seconds,
        written=changed(folder / "status.json"),
        notes=tuple(remarks),
    )


def partial_config(typed: Mapping[str, str]) -> dict[str, Any]:
    """Seed and arm, as far as they are among the overrides of a job."""
    seed, arm = typed.get("seed", ""), typed.get("study.arm")
    config: dict[str, Any] = {"seed": int(seed)} if seed.isdecimal() else {}
    return config | ({"study": {"arm": arm}} if arm else {})


def as_overrides(typed: Mapping[str, str]) -> list[str]:
    """Keys and values as they are typed."""
    return [f"{key}={value}" for key, value in typed.items()]


def _mapping(folder: Path, name: str, wrong: list[str]) -> dict[str, Any]:
    content = _parsed(folder, name, wrong)
    if content is None or isinstance(content, dict):
        return content or {}
    wrong.append(f"{name} holds no keys")
    return {}


def _parsed(folder: Path, name: str, wrong: list[str]) -> Any:
    """A file's content; None where there is none, or where it cannot be read."""
    path = folder / name
    with _noting(name, wrong):
        if not path.exists():
            return None
        text = path.read_text(encoding="utf-8")
        if not text.strip():
            raise ValueError("it is empty")
        return json.loads(text) if name.endswith("json") else yaml.load(text, _LOADER)
    return None


@contextmanager
def _noting(name: str, wrong: list[str]) -> Iterator[None]:
    """Turns what is wrong with a file into words."""
    try:
        yield
    except _BROKEN as error:
        wrong.append(f"{name} cannot be read: {' '.join(str(error).split())}")


def _schema_remarks(status: Mapping[str, Any]) -> list[str]:
    schema = status.get("schema", 0)
    if schema in range(_KNOWN_SCHEMA + 1):
        return []
    return [
        f"status.json has schema {schema!r}, this version knows {_KNOWN_SCHEMA}; update "
        "sr-experiments if something is missing"
    ]

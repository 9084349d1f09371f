"""``rerun=RUN_FOLDER``: repeats a run from its recorded configuration and compares the outcome."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from sr_experiments.errors import ConfigError
from sr_experiments.runs.command import parse_override, without_location
from sr_experiments.runs.identity import flatten, matters
from sr_experiments.runs.run_files import (
    BROKEN,
    ENVIRONMENT,
    read_config,
    read_overrides,
    read_record,
)
from sr_experiments.runs.status import error_of, read_status

_OPTION = re.compile(r"\+*rerun=(?P<folder>.+)")
_NOTHING = ("null", "None", "")
# A study's whole description is of its file; a run records only which part of it it is.
_OF_NOW = ("study", "sweep", "logger", "hydra")
# What a repetition takes in time says nothing about its outcome.
_TIMES = re.compile(r".*/(seconds|data_wait|.*_per_second)")
_SHOWN = 12


def expand_rerun(arguments: Sequence[str]) -> list[str]:
    """Adds what the run was started with to ``rerun=FOLDER``.

    Raises:
        ConfigError: there is no run in the folder, or what is typed beside would change it.
    """
    found = next((m for a in reversed(arguments) if (m := _OPTION.fullmatch(a))), None)
    if found is None or found["folder"].strip("'\"") in _NOTHING:
        return list(arguments)
    folder = Path(found["folder"].strip("'\"")).expanduser()
    recorded = read_overrides(folder)
    if recorded is None or read_config(folder) is None:
        raise ConfigError(
            f"rerun={folder}: there is no run in this folder; give one that holds config.yaml and "
            "overrides.yaml"
        )
    if {"-m", "--multirun"} & set(arguments):
        raise ConfigError("rerun: repeats one run; leave out -m")
    typed = [each for each in arguments if not each.startswith("-") and "=" in each]
    for override in typed:
        parsed = parse_override(override)
        if matters(parsed.path) and parsed.key not in ("rerun", "hydra.run.dir"):
            raise ConfigError(
                f"rerun={folder}: repeats the run as it was, so that {override} cannot be given "
                "too; to try that, train without rerun"
            )
    names = {parse_override(each).key for each in typed} | {"rerun"}
    kept = [o for o in without_location(recorded) if parse_override(o).key not in names]
    return [*arguments, *kept]


def repeated_config(composed: DictConfig) -> DictConfig:
    """The recorded configuration of the run that ``rerun`` names, in this run's folder.

    Without the key it is ``composed``. What does not change a result, as the loggers, is of now.
    """
    if not composed.get("rerun"):
        return composed
    folder = Path(str(composed.rerun)).expanduser()
    recorded = read_config(folder) or {}
    before, here = str(recorded.get("run_dir") or ""), str(composed.run_dir)
    if Path(here).absolute() == folder.absolute():
        raise ConfigError(f"rerun={folder}: give another folder to repeat it in: hydra.run.dir=...")
    config = _moved(recorded, before, here)
    if str(recorded.get("ckpt_path") or "").startswith(f"{before}/"):
        config["ckpt_path"] = None  # it had continued itself
    now = OmegaConf.to_container(composed, resolve=True)
    assert isinstance(now, dict)
    config |= {key: now[key] for key in _OF_NOW if key in now}
    result = OmegaConf.create(config)
    assert isinstance(result, DictConfig)
    for key, value in flatten({k: v for k, v in now.items() if k not in _OF_NOW}).items():
        if not matters(key) and not key.startswith("callbacks."):
            OmegaConf.update(result, key, value, force_add=True)
    OmegaConf.set_struct(result, True)
    return result


def _moved(node: Any, before: str, here: str) -> Any:
    """The same with this run's folder for the one of the recorded run."""
    if isinstance(node, Mapping):
        return {str(key): _moved(value, before, here) for key, value in node.items()}
    if isinstance(node, list):
        return [_moved(value, before, here) for value in node]
    return node.replace(before, here) if isinstance(node, str) and before else node


def compare_outcomes(before: Path, now: Path) -> list[str]:
    """Says whether a repetition came to the same end, and otherwise what may have changed that.

    Args:
        before: the folder of the run.
        now: the folder of its repetition.
    """
    old, new = read_status(before), read_status(now)
    if old.get("state") != new.get("state"):
        ends = [f"{each.get('state')} {error_of(each)[1]}".strip() for each in (old, new)]
        return [
            f"rerun: another end than {before}: {ends[0]}, now {ends[1]}",
            *_causes(before, now),
        ]
    metrics = [
        {k: float(v) for k, v in (each.get("metrics") or {}).items() if not _TIMES.fullmatch(k)}
        for each in (old, new)
    ]
    names = dict.fromkeys([*metrics[0], *metrics[1]])
    pairs = {n: (metrics[0].get(n, math.nan), metrics[1].get(n, math.nan)) for n in names}
    other = {n: pair for n, pair in pairs.items() if not _same(*pair)}
    if not other:
        return [
            f"rerun: the same outcome as {before}: {len(pairs)} metrics agree to the last digit"
        ]
    lines = [f"rerun: {len(other)} of {len(pairs)} metrics differ from those of {before}"]
    by_size = sorted(other, key=lambda name: -_relative(*other[name]))
    for name in by_size[:_SHOWN]:
        was, value = other[name]
        lines.append(f"  {name}: {was:.6g} then, {value:.6g} now, {value - was:+.3g}")
    if len(other) > _SHOWN:
        lines.append(f"  and {len(other) - _SHOWN} more, which differ less")
    return [*lines, *_causes(before, now)]


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def _relative(a: float, b: float) -> float:
    size = abs(b - a) / max(abs(a), abs(b), 1e-12)
    return math.inf if math.isnan(size) else size


def _causes(before: Path, now: Path) -> list[str]:
    """What differs in code, versions and hardware."""
    old, new = (_environment(folder) for folder in (before, now))
    said = [
        f"{key} {old.get(key, 'not recorded')} -> {new.get(key, 'not recorded')}"
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    ]
    return [f"  differs too: {', '.join(said) or 'nothing that is recorded'}"]


def _environment(folder: Path) -> dict[str, str]:
    try:
        found = read_record(folder / ENVIRONMENT)
    except BROKEN:
        return {}
    flat = flatten(found) if isinstance(found, dict) else {}
    return {key: str(value) for key, value in flat.items() if key != "command"}

"""What makes two runs the same, and how each is called."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from sr_experiments.runs.command import JOB_MARK, is_cluster_job, parse_override

#: Keys that do not change what a run computes: where it lies, how it is watched, what it runs on.
#: How many devices share a step, and in which precision, does. What a study says of all its jobs
#: stands in each as its own values.
_IRRELEVANT = re.compile(
    r"task_name|tags|log_images|run_dir|rerun|data\.(cache|num_workers)|callbacks\.\w+\.dirpath|"
    r"device(\.(accelerator|strategy|channels_last|compile|fused|tune|benchmark|deterministic))?|"
    r"study(\.(?!size$).*)?|(sweep|logger|hydra)(\..*)?"
)
#: Keys in which runs of one configuration may differ: their seeds, where they went on, and where a
#: machine keeps the images.
_REPEATED = ("seed", "data.seed", "data.root", "ckpt_path")
#: One precision has several spellings.
_PRECISIONS = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed", "64": "64-true"}


def matters(key: str) -> bool:
    """Whether a key, as ``optim.lr``, changes what a run computes."""
    return not _IRRELEVANT.fullmatch(key)


def varies(key: str) -> bool:
    """Whether a key tells configurations apart, and not only their runs."""
    return matters(key) and key not in _REPEATED


def flatten(node: Any, prefix: str = "") -> dict[str, Any]:
    """Nested values by their paths, as ``{"optim.lr": 0.1}``; lists are values."""
    if not isinstance(node, Mapping):
        return {prefix: node}
    parts = (flatten(node[key], f"{prefix}.{key}" if prefix else str(key)) for key in node)
    return {key: value for part in parts for key, value in part.items()}


def signature(config: Mapping[str, Any]) -> dict[str, Any]:
    """All values of a resolved configuration that matter, by their paths.

    Two runs with the same signature compute the same. A run's own folder stands in it as ``.``,
    and that a run has continued itself does not count.
    """
    folder = str(config.get("run_dir") or "")
    found = {}
    for key, value in flatten(config).items():
        if not matters(key):
            continue
        if isinstance(value, str) and folder:
            value = value.replace(folder, ".")
        if key == "device.precision":
            value = _PRECISIONS.get(str(value), value)
        found[key] = None if key == "ckpt_path" and str(value).startswith("./") else value
    return found


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The keys that matter whose values differ in two configurations, with both values."""
    old, new = signature(before), signature(now)
    changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return {key: (old.get(key), new.get(key)) for key in changed}


_LONGEST = 60
_LONGEST_RUN = 128  # characters of a name in W&B
_VALUE = 24
_FLAGS = ("true", "false", "null", "none")  # which say nothing without their key

Values = Sequence[Mapping[str, str]]


def run_name(config: Mapping[str, Any] | DictConfig, overrides: Sequence[str]) -> str:
    """What was typed for a run, in brief: ``model=vdsr depth=4 lr=0.1``.

    A job of a study is called by its variant and its seed. Without overrides it is the task's name.
    """
    if variant := (config.get("study") or {}).get("variant"):
        return f"{variant} seed {config.get('seed')}"
    typed = {
        each.key: each.value
        for each in map(parse_override, overrides)
        if matters(each.path) and each.path not in ("data.root", "ckpt_path")
    }
    # Jobs of a sweep often differ in their last overrides alone.
    return _cut(_phrase(typed, typed) or str(config.get("task_name", "")), _LONGEST_RUN)


def run_group(config: Mapping[str, Any] | DictConfig) -> str | None:
    """The study that a run belongs to and the folder of its sweep; None where it has neither.

    A trial of a study and the real thing are two sweeps, and do not share a line.
    """
    sweep = None
    if is_cluster_job():
        sweep = Path(HydraConfig.get().sweep.dir).name
    elif JOB_MARK in os.environ:
        sweep = Path(config["run_dir"]).absolute().parent.name
    study = str(config["study"]["name"]) if "study" in config else None
    return study_group(study, sweep) if study and sweep else study or sweep


def study_group(study: str, sweep: str) -> str:
    """The group of a study's runs in one sweep."""
    return f"{study} {sweep}"


def make_names(typed: Values, resolved: Values, folders: Sequence[str]) -> list[str]:
    """Names of configurations: what was typed, if that tells them apart, or else resolved values.

    Args:
        typed: overrides of each configuration that not all of them share.
        resolved: its values of the keys that vary.
        folders: names for those that have neither.
    """
    for values in (typed, resolved):
        names = _names(values)
        fit = all(0 < len(name) <= _LONGEST for name in names)
        if (fit and len(set(names)) == len(names)) or names == [""]:
            return names
    few = _fewest(resolved)
    names = _names([{key: _cut(row[key], _VALUE) for key in few if key in row} for row in resolved])
    names = [_cut(name, _LONGEST) for name in names]
    # Folders of two sweeps may have the same name.
    return numbered(
        [
            name if names.count(name) == 1 else f"{name} ({folder})".strip()
            for name, folder in zip(names, folders, strict=True)
        ]
    )


def numbered(names: Sequence[str]) -> list[str]:
    """Names with a number where one has been there before."""
    before = [names[:place].count(name) for place, name in enumerate(names)]
    return [f"{name} #{n + 1}" if n else name for n, name in zip(before, names, strict=True)]


def _fewest(rows: Values) -> list[str]:
    """Keys that tell the rows apart, each of which splits what the ones before it left."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    chosen: list[str] = []

    def parts(names: Sequence[str]) -> int:
        return len({tuple(row.get(name) for name in names) for row in rows})

    def length(key: str) -> int:
        return len(key) + max(len(row.get(key, "")) for row in rows)

    while keys and parts(chosen) < len(rows):
        best = max(keys, key=lambda key: (parts([*chosen, key]), -length(key)))
        if parts([*chosen, best]) == parts(chosen):
            break
        chosen.append(best)
    return chosen


def _names(rows: Values) -> list[str]:
    keys = {key for row in rows for key in row}
    words = [word for row in rows for word in row.values()]
    if len(keys) == 1 and all(re.match(r"[a-zA-Z]", w) and w.lower() not in _FLAGS for w in words):
        return [" ".join(row.values()) for row in rows]  # experiment=vdsr_mini is vdsr_mini
    return [_phrase(row, keys) for row in rows]


def _phrase(values: Mapping[str, str], keys: Iterable[str]) -> str:
    """Values by the last parts of their keys, or by whole keys where several of all end alike."""
    lasts = Counter(map(_last, keys))
    names = {key: _last(key) if lasts[_last(key)] == 1 else key for key in values}
    return " ".join(f"{names[key]}={value}" if value else key for key, value in values.items())


def _cut(text: str, longest: int) -> str:
    """A text with its middle left out, if it is too long: ends tell configurations apart."""
    half = longest // 2
    return text if len(text) <= longest else f"{text[: half - 1]}…{text[-half:]}"


def _last(key: str) -> str:
    return key.removesuffix("._target_").rpartition(".")[2]

"""Runs grouped by variant: what differs in its seed alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sr_experiments.runs.command import parse_override
from sr_experiments.runs.identity import flatten, make_names, varies
from sr_experiments.runs.read import Run
from sr_experiments.runs.status import DIVERGED_STATES

#: The group of runs that left neither a configuration nor overrides that tell it.
UNKNOWN = "unknown configuration"
#: The group of runs that all are of one variant.
ALL = "all runs"


@dataclass(frozen=True)
class Selection:
    """Runs of one variant, one for each seed, and the further ones with the same seeds."""

    selected: list[Run]
    superseded: list[Run]


def group_by_variant(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Groups runs by variant, under short unique names, in the order of the runs.

    The variant is the study's, if all runs have one, or else all resolved values but those that do
    not change a result, as the seed. One of a study that ran with several values is several.
    """
    by_variant = all(run.study.get("variant") for run in runs)
    variants: dict[str, list[Run]] = {}
    for run in runs:
        variants.setdefault(str(run.study["variant"]) if by_variant else "", []).append(run)
    groups: dict[str, list[Run]] = {}
    for variant, of_variant in variants.items():
        for name, members in _by_values(of_variant).items():
            groups[" ".join(filter(None, (variant, name))) or ALL] = members
    return groups


def select_runs(runs: Sequence[Run]) -> Selection:
    """Of several runs of a variant with the same seed, the newest finished one counts."""
    seeds: dict[int | None, list[Run]] = {}
    for run in runs:
        seeds.setdefault(run.seed, []).append(run)
    chosen = [
        of_seed if seed is None else [max(of_seed, key=_rank)] for seed, of_seed in seeds.items()
    ]
    selected = [run for each in chosen for run in each]
    selected.sort(key=lambda run: (run.seed is None, run.seed or 0))
    return Selection(selected, [run for run in runs if not any(run is each for each in selected)])


def varying_keys(runs: Sequence[Run]) -> list[str]:
    """Keys of the resolved configuration in which runs differ, seeds and the like apart."""
    flat = [_values(run) for run in runs if _is_whole(run)]
    keys = dict.fromkeys(key for values in flat for key in values)
    columns = {key: tuple(values.get(key) for values in flat) for key in keys}
    differ = {key: column for key, column in columns.items() if len(set(column)) > 1}
    return [
        key
        for key, column in differ.items()
        # data.patches.size repeats patches.size.
        if not any(key.endswith(f".{other}") and column == differ[other] for other in differ)
    ]


def common_overrides(runs: Sequence[Run]) -> dict[str, str]:
    """Overrides that all runs share."""
    found = [typed_overrides(run) for run in runs if run.overrides]
    if not found:
        return {}
    shared = set.intersection(*(set(values.items()) for values in found))
    return {key: value for key, value in found[0].items() if (key, value) in shared}


def values_of(run: Run, keys: Sequence[str]) -> dict[str, str]:
    """A run's values of these keys of the resolved configuration."""
    flat = _values(run)
    return {key: flat[key] for key in keys if key in flat}


def typed_overrides(run: Run) -> dict[str, str]:
    """What was typed for a run, without what does not change its result."""
    parsed = [parse_override(override) for override in run.overrides]
    return {each.key: each.value for each in parsed if each.value and varies(each.path)}


def _rank(run: Run) -> tuple[bool, bool, float, str]:
    lost = run.state in DIVERGED_STATES
    return run.state == "finished", lost, run.written, str(run.folder)


def _by_values(runs: Sequence[Run]) -> dict[str, list[Run]]:
    whole = [run for run in runs if _is_whole(run)]
    keys = varying_keys(whole)
    groups: dict[tuple[str | None, ...], list[Run]] = {}
    for run in whole:
        flat = _values(run)
        groups.setdefault(tuple(flat.get(key) for key in keys), []).append(run)
    found = list(groups.values())
    named = dict(zip(_names([members[0] for members in found], keys), found, strict=True))
    for run in runs:
        if not _is_whole(run):
            fitting = [name for name, members in named.items() if _fits(run, members)]
            # A study's variant that left no configuration at all still is that variant.
            alone = "" if run.study and not named else UNKNOWN
            named.setdefault(fitting[0] if len(fitting) == 1 else alone, []).append(run)
    return named


def _is_whole(run: Run) -> bool:
    return "model" in run.config


def _fits(run: Run, members: Sequence[Run]) -> bool:
    """Whether a run without configuration was asked for with the overrides of these."""
    asked, given = typed_overrides(run).items(), typed_overrides(members[0]).items()
    return bool(asked) and asked <= given and _is_whole(members[0])


def _names(runs: Sequence[Run], keys: Sequence[str]) -> list[str]:
    shared = common_overrides(runs)
    own = [{k: v for k, v in typed_overrides(run).items() if shared.get(k) != v} for run in runs]
    return make_names(own, [values_of(run, keys) for run in runs], [r.folder.name for r in runs])


def _values(run: Run) -> dict[str, str]:
    """What tells a configuration from others, as ``{"optim.lr": "0.1"}``; of classes the names."""
    return {
        key: str(value).rpartition(".")[2] if key.endswith("._target_") else _text(value)
        for key, value in flatten(run.config).items()
        if varies(key)
    }


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list):
        return f"[{','.join(map(_text, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)

"""Short names that tell configurations apart."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

_LONGEST = 60
_FLAGS = ("true", "false", "null")

Values = Sequence[Mapping[str, str]]


def make_names(typed: Values, resolved: Values, folders: Sequence[str]) -> list[str]:
    """Names of configurations: what was typed, if that tells them apart, or else resolved values.

    Args:
        typed: overrides of each configuration that not all of them share.
        resolved: its values of the keys that vary.
        folders: names for those that have neither.
    """
    for values in (typed, resolved):
        names = [_name(each, {key for row in values for key in row}) for each in values]
        if len(set(names)) == len(names) and all(len(name) <= _LONGEST for name in names):
            return names
    few = _fewest(resolved)
    chosen = [{key: row[key] for key in few if key in row} for row in resolved]
    names = [_name(row, set(few)) for row in chosen]
    counts = Counter(names)
    return [
        name if counts[name] == 1 else f"{name} ({folder})"
        for name, folder in zip(names, folders, strict=True)
    ]


def _fewest(rows: Values) -> list[str]:
    """Keys that tell the rows apart, each of which splits what the ones before it left."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    chosen: list[str] = []

    def parts(names: Sequence[str]) -> int:
        return len({tuple(row.get(name) for name in names) for row in rows})

    while keys and parts(chosen) < len(rows):
        best = max(keys, key=lambda key: (parts([*chosen, key]), -len(key)))
        if parts([*chosen, best]) == parts(chosen):
            break
        chosen.append(best)
    return chosen


def _name(values: Mapping[str, str], keys: set[str]) -> str:
    lasts = Counter(_last(key) for key in keys)
    words = list(values.values())
    if len(keys) == 1 and words and re.match(r"[a-zA-Z]", words[0]) and words[0] not in _FLAGS:
        return words[0]  # experiment=vdsr_mini is vdsr_mini
    return " ".join(
        f"{_last(key) if lasts[_last(key)] == 1 else key}={value}" for key, value in values.items()
    )


def _last(key: str) -> str:
    return key.removesuffix("._target_").rpartition(".")[2]

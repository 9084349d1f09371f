"""Short names that tell configurations apart."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

_LONGEST = 60
_VALUE = 24
_FLAGS = ("true", "false", "null", "none")  # which say nothing without their key

Values = Sequence[Mapping[str, str]]


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
    lasts = Counter(_last(key) for key in keys)
    words = [word for row in rows for word in row.values()]
    if len(keys) == 1 and all(re.match(r"[a-zA-Z]", w) and w.lower() not in _FLAGS for w in words):
        return [" ".join(row.values()) for row in rows]  # experiment=vdsr_mini is vdsr_mini
    return [
        " ".join(
            f"{_last(key) if lasts[_last(key)] == 1 else key}={value}" for key, value in row.items()
        )
        for row in rows
    ]


def _cut(text: str, longest: int) -> str:
    """A text with its middle left out, if it is too long: ends tell configurations apart."""
    half = longest // 2
    return text if len(text) <= longest else f"{text[: half - 1]}…{text[-half:]}"


def _last(key: str) -> str:
    return key.removesuffix("._target_").rpartition(".")[2]

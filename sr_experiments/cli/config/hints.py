"""Hydra's errors in one line, with the nearest valid names."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from sr_experiments.cli.config.files import conf_dir
from sr_experiments.runs.command import parse_override

_LISTED = 40  # more names than that are no help
# Other projects' words.
_WORDS = {
    "cuda": "gpu",
    "epochs": "max_epochs",
    "gpus": "devices",
    "learning_rate": "lr",
    "min_lr": "eta_min",
    "steps": "max_steps",
    "workers": "num_workers",
}


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """``; did you mean a, b?`` for the nearest valid names, or a list of all if none is near."""
    names = sorted(set(valid))
    close = nearest(name, names)
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f"; valid are {' '.join(names)}" if 0 < len(names) <= _LISTED else ""


def nearest(name: str, names: Sequence[str]) -> list[str]:
    """At most three of the names: by their last part, beside the wrong one first; or by letters."""
    parent, _, last = name.rpartition(".")
    last = _WORDS.get(last, last)
    same = [n for n in names if n.rpartition(".")[2] == last]
    siblings = [n for n in names if n.rpartition(".")[0] == parent]
    beside = [f"{parent}.{n}".lstrip(".") for n in _close(last, [_last(n) for n in siblings])]
    exact = [n for n in same if n in siblings]
    return (exact or beside or same)[:3] or _close(name, names)


def _close(name: str, names: Sequence[str]) -> list[str]:
    return get_close_matches(name, names, n=3, cutoff=0.6)


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def explain(error: Exception, config_name: str, overrides: Sequence[str] = ()) -> str:
    """One line for what is wrong with the command line.

    Args:
        error: Hydra's or OmegaConf's.
        config_name: of the command, as "train".
        overrides: what was typed.
    """
    text = str(error)
    if isinstance(error, OverrideParseException):
        return _unreadable(error.override)
    if found := re.match(r"Ambiguous value for argument '(.*)'", text):
        return _with_commas(found.group(1))
    if found := re.search(r"Could not (?:find|load) '([^']+)/([^/']+)'", text):
        group, option = found.groups()
        # Hydra's message lists the folders that were searched, also those of --config-dir.
        folders = {*re.findall(r"path=file://(\S.*)", text), str(conf_dir())}
        files = [file for folder in folders for file in Path(folder, group).glob("*.yaml")]
        options = sorted({file.stem for file in files} - {"base"})
        return f"{group}={option}: there is no such option{did_you_mean(option, options)}"
    if found := re.search(r"Could not (?:override|append) '([^']+)'|Key '([^']+)' is not in", text):
        # Of a value with names in it, the wrong name is told below.
        inner = re.search(r"full_key: (\S+)", f"{error.__cause__}")
        key = (inner.group(1) if inner else found.group(1) or found.group(2)).split("@")[0]
        if (conf_dir() / key).is_dir():
            return f"{key}: {config_name}.py does not take it"
        valid = [k for k in keys_of(config_name, overrides) if k != key]
        return f"{key}: there is no such key{did_you_mean(key, valid)}"
    if isinstance(error, MissingMandatoryValue) and (found := re.search(r"full_key: (\S+)", text)):
        return f"{found.group(1)}: needs a value; give it as {found.group(1)}=..."
    return " ".join(text.split())


def _unreadable(override: str) -> str:
    key, equals, value = override.partition("=")
    if not equals:
        return f"{override}: an override is written key=value, as model={override}"
    quoted = value.strip("\"'")
    return (
        f"{override}: its value cannot be read; brackets must match, and other signs need quotes "
        f"within quotes: '{key}=\"{quoted}\"'"
    )


def _with_commas(override: str) -> str:
    key, _, value = override.partition("=")
    return (
        f"{override}: a comma separates the values of a sweep; quote it within quotes, "
        f"'{key}=\"{value}\"', write a list, '{key}=[{value}]', or add -m for a sweep"
    )


def keys_of(config_name: str, overrides: Sequence[str]) -> list[str]:
    """All keys and groups of the command's configuration, with the options that were chosen."""
    chosen = [o for o in overrides if (conf_dir() / parse_override(o).key).is_dir()]
    words = " ".join(overrides).replace("--config-dir=", "--config-dir ").split()
    own = [Path(b).absolute() for a, b in pairwise(words) if a in ("--config-dir", "-cd")]
    chosen += [f"hydra.searchpath=['file://{folder}']" for folder in own]
    for choices in (chosen, []):
        GlobalHydra.instance().clear()
        try:
            with initialize_config_dir(str(conf_dir()), version_base="1.3"):
                config = compose(config_name, choices, return_hydra_config=True)
        except (HydraException, OmegaConfBaseException):
            continue
        groups = [str(group) for group in config.hydra.runtime.choices]
        return [g for g in groups if "/" not in g] + [
            path for path in _paths(config) if not path.startswith("hydra")
        ]
    return []


def _paths(config: DictConfig, prefix: str = "") -> Iterator[str]:
    for key in config:
        if str(key).startswith("_"):
            continue
        path = f"{prefix}{key!s}"
        yield path
        if not OmegaConf.is_interpolation(config, str(key)) and not OmegaConf.is_missing(
            config, key
        ):
            node = config[key]
            if isinstance(node, DictConfig):
                yield from _paths(node, f"{path}.")

"""Hydra's errors in one line, with the nearest valid names."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue

from sr_experiments.cli.conf_dir import conf_dir

_LISTED = 40  # more names than that are no help


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """``; did you mean a, b?`` for the nearest valid names, or a list of all if none is near."""
    names = sorted(set(valid))
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f"; valid are {' '.join(names)}" if 0 < len(names) <= _LISTED else ""


def explain(error: Exception, config_name: str) -> str:
    """One line for what is wrong with the command line."""
    text = str(error)
    if found := re.search(r"Could not (?:find|load) '([^']+)/([^/']+)'", text):
        group, option = found.groups()
        # Hydra's message lists the folders that were searched, also those of --config-dir.
        folders = {*re.findall(r"path=file://(\S.*)", text), str(conf_dir())}
        files = [file for folder in folders for file in Path(folder, group).glob("*.yaml")]
        options = sorted({file.stem for file in files} - {"base"})
        return f"{group}={option}: there is no such option{did_you_mean(option, options)}"
    if found := re.search(r"Could not (?:override|append) '([^']+)'|Key '([^']+)' is not in", text):
        key = (found.group(1) or found.group(2)).split("@")[0]
        return f"{key}: there is no such key{did_you_mean(key, _keys(config_name))}"
    if isinstance(error, MissingMandatoryValue) and (found := re.search(r"full_key: (\S+)", text)):
        return f"{found.group(1)}: needs a value; give it as {found.group(1)}=..."
    return " ".join(text.split())


def _keys(config_name: str) -> list[str]:
    """All keys and groups of the command's default configuration."""
    GlobalHydra.instance().clear()
    groups = [p.name for p in conf_dir().iterdir() if p.is_dir()]
    try:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            return [*groups, *_paths(compose(config_name))]
    except HydraException:
        return groups


def _paths(config: DictConfig, prefix: str = "") -> Iterator[str]:
    for key in config:
        path = f"{prefix}{key!s}"
        yield path
        if not OmegaConf.is_interpolation(config, str(key)) and not OmegaConf.is_missing(
            config, key
        ):
            node = config[key]
            if isinstance(node, DictConfig):
                yield from _paths(node, f"{path}.")

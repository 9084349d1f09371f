"""Which photographs a command restores, and where each result goes."""

import glob
import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from sr_experiments.cli.config.check import Config
from sr_experiments.errors import ConfigError
from sr_experiments.imaging.io import EXTENSIONS, open_image
from sr_experiments.imaging.listing import image_paths
from sr_experiments.imaging.save_photo import WRITTEN

_SIGNS = "*?["


class Job(NamedTuple):
    """A photograph, its result, and its size, 0 where it cannot be opened."""

    source: Path
    target: Path
    pixels: int


def find_photos(config: Config) -> tuple[list[Job], int]:
    """What is to do.

    Args:
        config: of the command: ``input``, ``output``, ``format`` and ``overwrite``.

    Returns:
        What is to do, and how many results exist already.

    Raises:
        ConfigError: there is nothing, or results have no place.
    """
    given, output = Path(config["input"]).expanduser(), Path(config["output"]).expanduser()
    root, sources = _sources(given)
    is_file = output.suffix.lower() in WRITTEN and not output.is_dir()
    if is_file and given == root:
        raise ConfigError(f"output={output}: is a file, but there may be many photographs in input")
    if not is_file and output.suffix.lower() in EXTENSIONS and given != root:
        known = " ".join(sorted(WRITTEN))
        raise ConfigError(f"output={output}: is not written; the endings are {known}")
    inside = output.resolve()
    if not is_file and inside != root.resolve():  # results of an earlier call are no photographs
        sources = [p for p in sources if not p.resolve().is_relative_to(inside)]
    targets = [output] if is_file else _targets(sources, root, output, config["format"])
    _check_output(output.parent if is_file else output)
    jobs = []
    for source, target in zip(sources, targets, strict=True):
        if target.exists() and target.samefile(source):
            raise ConfigError(f"output={output}: would replace the photograph {source} itself")
        if config["overwrite"] or not target.exists():
            jobs.append(Job(source, target, count_pixels(source)))
    return jobs, len(sources) - len(jobs)


def _sources(given: Path) -> tuple[Path, list[Path]]:
    """The folder that names are relative to, and the photographs."""
    if given.is_dir():
        found = [Path(p) for p in image_paths(given, deep=True)]
        if not found:
            known = " ".join(sorted(EXTENSIONS))
            raise ConfigError(f"input={given}: holds no image; expected files ending in {known}")
        return given, found
    if given.exists():
        return given.parent, [given]
    if not any(sign in str(given) for sign in _SIGNS):
        raise ConfigError(f"input={given}: no such file or folder")
    matches = sorted(Path(p) for p in glob.glob(str(given), recursive=True))  # noqa: PTH207
    found = [p for p in matches if p.is_file() and p.suffix.lower() in EXTENSIONS]
    if not found:
        raise ConfigError(f"input={given}: no image has such a name")
    first = next(i for i, part in enumerate(given.parts) if any(sign in part for sign in _SIGNS))
    return Path(*given.parts[:first]), found


def _targets(sources: list[Path], root: Path, output: Path, ending: str) -> list[Path]:
    """A place for each in the folder: as in the tree it comes from."""
    names = [p.relative_to(root) for p in sources]
    plain = [p.with_suffix("") for p in names]
    counts = Counter(str(p).casefold() for p in plain)
    return [
        output / (f"{name}.{ending}" if counts[str(stem).casefold()] > 1 else f"{stem}.{ending}")
        for name, stem in zip(names, plain, strict=True)
    ]


def _check_output(folder: Path) -> None:
    """Makes sure that a folder can be written to, before anything is computed."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise ConfigError(f"output={folder}: {place} is a file, no folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise ConfigError(f"output={folder}: {place} cannot be written to; choose another place")


def count_pixels(path: Path) -> int:
    """Pixels of an image by its head; 0 where it cannot be opened."""
    try:
        with open_image(path) as file:
            return file.width * file.height
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return 0

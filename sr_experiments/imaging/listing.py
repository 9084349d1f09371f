"""The image files of folders."""

import os
import re
from fnmatch import translate
from pathlib import Path

from sr_experiments.errors import ImageError
from sr_experiments.imaging.io import EXTENSIONS


def image_paths(
    folder: Path, pattern: str = "*", deep: bool = False, folders: list[str] | None = None
) -> list[str]:
    """Lists image files as strings, sorted; for 10,000, ``Path`` objects would take a second.

    Args:
        folder: where they lie; none are found where it cannot be listed.
        pattern: that their names match, as ``08*.png``.
        deep: list folders below it too.
        folders: gets all folders that were visited.
    """
    matches = re.compile(translate(pattern)).match
    found: list[str] = []
    for place, below, names in os.walk(folder, followlinks=True):
        if folders is not None:
            folders.append(place)
        start = os.path.join(place, "")  # noqa: PTH118
        found += [start + name for name in names if is_image(name) and matches(name)]
        if not deep:
            below.clear()
    return sorted(found)


def is_image(name: str) -> bool:
    """Whether a name has the ending of an image file."""
    return os.path.splitext(name)[1].lower() in EXTENSIONS  # noqa: PTH122


def list_images(folder: Path) -> list[Path]:
    """The image files directly in a folder, sorted by name.

    Raises:
        ImageError: there is no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise ImageError(f"{folder}: no such folder; expected a folder of images")
    files = [Path(path) for path in image_paths(folder)]
    if not files:
        known = " ".join(sorted(EXTENSIONS))
        raise ImageError(f"{folder}: holds no image; expected files ending in {known}")
    return files

"""Named lists of image files."""

import importlib.util
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path

from sr_experiments.errors import ImageError
from sr_experiments.imaging import list_images
from sr_experiments.imaging.io import EXTENSIONS

_PACKAGE = "pkg://"


@dataclass(frozen=True)
class ImageSet:
    """A name, as it stands in metric names, and the files in a fixed order.

    The files are strings: at start-up, most of the time for 10,000 would go into ``Path`` objects.
    """

    name: str
    files: tuple[str, ...]


def resolve_root(root: str) -> Path:
    """A folder, or ``pkg://package/folder`` for one inside an installed package.

    Raises:
        ImageError: there is no such folder or package.
    """
    if root.startswith(_PACKAGE):
        package, _, folder = root.removeprefix(_PACKAGE).partition("/")
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ImageError(f"{root}: the package {package} is not installed")
        path = Path(spec.submodule_search_locations[0]) / folder
    else:
        path = Path(root).expanduser()
    if not path.is_dir():
        raise ImageError(
            f"{path}: no such folder; set data.root to the folder of your images, or fetch a "
            "published set with prepare.py"
        )
    return path


def image_set(name: str, root: Path, entries: Sequence[str]) -> ImageSet:
    """The images of all entries: a folder, a file or a pattern like ``HR/08*.png`` below ``root``.

    Raises:
        ImageError: an entry does not exist or a folder holds no image.
    """
    files: list[str] = []
    for entry in entries:
        path = root / entry
        if path.is_file():
            files.append(str(path))
        elif any(mark in entry for mark in "*?["):
            files += _matching(root, entry)
        else:
            files += _images(path) or map(str, list_images(path))  # which says what is wrong
    if not files:
        raise ImageError(f"{root}: no image was listed for {name}")
    return ImageSet(name, tuple(files))


def _matching(root: Path, pattern: str) -> list[str]:
    path = Path(pattern)
    folders = [root] if path.parent == Path() else sorted(root.glob(str(path.parent)))
    files = [file for folder in folders for file in _images(folder, path.name)]
    if "**" in path.parts:  # folders of several depths: the order of paths, not of folders
        files.sort(key=Path)
    if path.name == "**" or not files:
        raise ImageError(f"{root / pattern}: no image matches")
    return files


def _images(folder: Path, pattern: str = "*") -> list[str]:
    """The images directly in a folder, sorted by name; none if it cannot be listed."""
    matches = re.compile(translate(pattern)).match
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if os.path.splitext(entry.name)[1].lower() in EXTENSIONS  # noqa: PTH122
                and matches(entry.name)
                and entry.is_file()
            )
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
    start = f"{folder}{os.sep}"
    return [start + name for name in names]

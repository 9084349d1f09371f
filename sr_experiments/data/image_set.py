"""Named lists of image files."""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sr_experiments.errors import ImageError
from sr_experiments.imaging import list_images
from sr_experiments.imaging.io import EXTENSIONS

_PACKAGE = "pkg://"


@dataclass(frozen=True)
class ImageSet:
    """A name, as it stands in metric names, and the files in a fixed order."""

    name: str
    files: tuple[Path, ...]


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
    files: list[Path] = []
    for entry in entries:
        path = root / entry
        if path.is_file():
            files.append(path)
        elif any(mark in entry for mark in "*?["):
            files += _matching(root, entry)
        else:
            files += list_images(path)
    if not files:
        raise ImageError(f"{root}: no image was listed for {name}")
    return ImageSet(name, tuple(files))


def _matching(root: Path, pattern: str) -> list[Path]:
    files = sorted(p for p in root.glob(pattern) if p.suffix.lower() in EXTENSIONS and p.is_file())
    if not files:
        raise ImageError(f"{root / pattern}: no image matches")
    return files

"""Named lists of image files, and validation images that are taken out of one."""

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sr_experiments.errors import ImageError
from sr_experiments.imaging.listing import image_paths, list_images

_PACKAGE = "pkg://"
#: Name of the set, as it stands in metric names.
HELD_OUT = "held_out"
_LARGEST_SHARE = 4  # at most every fourth image, so that a small folder keeps something to learn


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

    Args:
        name: of the set, as it stands in metric names.
        root: folder below which the entries lie.
        entries: folders, files or patterns.

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
            files += image_paths(path) or map(str, list_images(path))  # which says what is wrong
    if not files:
        raise ImageError(f"{root}: no image was listed for {name}")
    return ImageSet(name, tuple(files))


def _matching(root: Path, pattern: str) -> list[str]:
    path = Path(pattern)
    folders = [root] if path.parent == Path() else sorted(root.glob(str(path.parent)))
    files = [file for folder in folders for file in image_paths(folder, path.name)]
    if "**" in path.parts:  # folders of several depths: the order of paths, not of folders
        files.sort(key=Path)
    if path.name == "**" or not files:
        raise ImageError(f"{root / pattern}: no image matches")
    return files


def hold_out(images: ImageSet, count: int) -> tuple[ImageSet, ImageSet]:
    """Splits a training set into what is learned from and what is held out for validation.

    The choice goes by the names of the files, so that it is the same on every machine and hardly
    changes when images are added.

    Args:
        images: the training images.
        count: images to hold out; a quarter of them is held out at most, and one at least.

    Returns:
        The images that stay, and the held-out ones, both in their order.

    Raises:
        ImageError: there is one image alone.
    """
    if len(images.files) < 2:
        raise ImageError(
            f"data.held_out={count}: there is one training image alone ({images.files[0]}); add "
            "images to data.train, or set data.held_out=0 and name others in data.val"
        )
    count = min(count, max(1, len(images.files) // _LARGEST_SHARE))
    chosen = set(sorted(images.files, key=_rank)[:count])
    kept = tuple(file for file in images.files if file not in chosen)
    held = tuple(file for file in dict.fromkeys(images.files) if file in chosen)
    return ImageSet(images.name, kept), ImageSet(HELD_OUT, held)


def _rank(file: str) -> tuple[str, str]:
    return hashlib.sha256(Path(file).name.encode()).hexdigest(), file

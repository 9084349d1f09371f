"""What is in image files: size and content, remembered between runs."""

import hashlib
import json
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock
from torch import Tensor

from sr_experiments.data.parallel import results
from sr_experiments.errors import ImageError, OutOfMemoryError, UserError
from sr_experiments.files import write_whole, writing_to
from sr_experiments.imaging import fits_in_memory, load_image

_FORMAT = 2  # raised when files are read in another way than before
_NEWS = 256  # images between two savings of what was found


class ImageInfo(NamedTuple):
    """One image file: its state, the digest of its pixels, and its size in pixels."""

    path: str
    bytes: int
    modified: int
    digest: str
    channels: int
    height: int
    width: int


def pixel_digest(image: Tensor) -> str:
    """A digest of uint8 [C, H, W] that is equal for equal pixels alone."""
    digest = hashlib.blake2b(str(tuple(image.shape)).encode(), digest_size=16)
    digest.update(image.contiguous().numpy().data)
    return digest.hexdigest()


def read_info(path: Path) -> ImageInfo:
    """Reads one file.

    Raises:
        ImageError: it is no usable image.
    """
    image = load_image(path)
    with fits_in_memory(path):
        digest = pixel_digest(image)
    state = path.stat()
    return ImageInfo(str(path), state.st_size, state.st_mtime_ns, digest, *map(int, image.shape))


def index_images(
    files: Sequence[Path | str], cache: Path, workers: int | None = None
) -> list[ImageInfo]:
    """The entries of all files; only new and changed ones (by size and time) are read.

    Args:
        files: the images.
        cache: folder that keeps what was found, in one file per folder of images.
        workers: processes that read; None: as many as are worthwhile.

    Raises:
        ImageError: files are missing or no usable images; names them.
        OutOfMemoryError: an image does not fit into memory.
    """
    # Strings and few containers: for 10,000 images, Path objects and rows take a second.
    here = os.getcwd()  # noqa: PTH109
    paths = [os.path.join(here, file) for file in files]  # noqa: PTH118
    known: dict[str, ImageInfo] = {}
    for folder in {path.rpartition(os.sep)[0] or os.sep for path in paths}:
        known |= _load(Path(folder), cache)
    new = [Path(path) for path in dict.fromkeys(paths) if not _current(known.get(path), path)]
    if new:
        known |= _read(new, cache, workers)
    return [known[path] for path in paths]


def count_shared(some: Sequence[Path | str], others: Sequence[Path | str], cache: Path) -> int:
    """How many images of ``others`` are among ``some`` too, pixel by pixel.

    Args:
        some: images.
        others: images that may be among them.
        cache: folder of the index.
    """
    known = {image.digest for image in index_images(some, cache)}
    return sum(image.digest in known for image in index_images(others, cache))


def _read(new: Sequence[Path], cache: Path, workers: int | None) -> dict[str, ImageInfo]:
    found: dict[str, ImageInfo] = {}
    unsaved: dict[Path, dict[str, ImageInfo]] = {}
    problems: list[UserError] = []
    for path, result in zip(new, results(read_info, new, workers), strict=True):
        if isinstance(result, UserError):
            problems.append(result)
            continue
        found[result.path] = result
        unsaved.setdefault(path.parent, {})[result.path] = result
        if len(found) % _NEWS == 0:
            _remember(unsaved, cache)
            unsaved.clear()
    _remember(unsaved, cache)
    for problem in problems:
        if isinstance(problem, OutOfMemoryError):
            raise problem
    if problems:
        shown = "\n".join(str(problem) for problem in problems[:10])
        more = f"\nand {len(problems) - 10} more" if len(problems) > 10 else ""
        raise ImageError(f"{len(problems)} of {len(new)} images cannot be used:\n{shown}{more}")
    return found


def _current(entry: ImageInfo | None, path: str) -> bool:
    try:
        state = os.stat(path)  # noqa: PTH116
    except OSError:
        raise ImageError(f"{path}: no such image file") from None
    return entry is not None and entry[1:3] == (state.st_size, state.st_mtime_ns)


def _file(folder: Path, cache: Path) -> Path:
    key = hashlib.sha256(f"{_FORMAT}\n{folder}".encode()).hexdigest()[:24]
    return cache / "index" / f"{key}.json"


def _load(folder: Path, cache: Path) -> dict[str, ImageInfo]:
    try:
        checksum, _, text = _file(folder, cache).read_bytes().partition(b"\n")
        if int(checksum, 16) != zlib.crc32(text):
            return {}  # damaged: the images are read again
        columns = json.loads(text)
        rows = zip(*(columns[field] for field in ImageInfo._fields), strict=True)
        return {row[0]: ImageInfo._make(row) for row in rows}
    except (OSError, ValueError, TypeError, KeyError):  # the last two: made by an older version
        return {}


def _remember(unsaved: Mapping[Path, dict[str, ImageInfo]], cache: Path) -> None:
    """Saves for later runs; where that fails, this one goes on, and they read the images again."""
    try:
        with writing_to(cache):
            _save(unsaved, cache)
    except UserError as error:
        print(f"warning: what was found in {len(unsaved)} folders is not kept: {error}", flush=True)


def _save(unsaved: Mapping[Path, dict[str, ImageInfo]], cache: Path) -> None:
    for folder, entries in unsaved.items():
        path = _file(folder, cache)
        path.parent.mkdir(parents=True, exist_ok=True)  # for the lock
        with FileLock(path.with_suffix(".lock")):
            rows = {**_load(folder, cache), **entries}.values()
            columns = dict(zip(ImageInfo._fields, zip(*rows, strict=True), strict=True))
            text = json.dumps(columns)
            write_whole(path, f"{zlib.crc32(text.encode()):08x}\n{text}")

"""Puts a published set in place: fetched or imported, checked, in stores."""

import hashlib
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from sr_experiments.data.index import ImageInfo, index_images
from sr_experiments.data.prepare.archive import extract, is_archive
from sr_experiments.data.prepare.catalogue import Folder, Published
from sr_experiments.data.prepare.download import download, numbered
from sr_experiments.data.store.open import store_images
from sr_experiments.errors import ImageError
from sr_experiments.files import remove_leftovers, writing_to
from sr_experiments.imaging.listing import is_image, list_images


@dataclass(frozen=True)
class State:
    """What was found in a folder at the end."""

    folder: str
    images: int
    width: tuple[int, int]
    height: tuple[int, int]
    pixels: str
    note: str


def prepare(
    published: Published,
    root: Path,
    cache: Path,
    source: Path | None = None,
    keep: bool = False,
    workers: int | None = None,
) -> list[State]:
    """Gets what is missing, checks everything, builds the stores; doing it again does nothing.

    Args:
        published: the set.
        root: folder that gets the set's folders.
        cache: folder of the stores.
        source: a folder or archive that holds the set; None: fetch it.
        keep: keep the archives.
        workers: processes that decode and build; None: as many as are worthwhile.

    Raises:
        ImageError: something cannot be fetched, written, or is not as it must be.
        DiskFullError: there is no space in the root or the cache.
    """
    work = root / ".prepare" / published.name
    missing = [name for name in published.folders if not (root / name).is_dir()]
    if missing:
        with ExitStack() as stack:
            stack.enter_context(writing_to(root, "root=..."))
            work.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(work / "lock"))
            missing = [name for name in missing if not (root / name).is_dir()]
            if missing:
                _fill(published, missing, root, work, source)
    entries = {
        name: _verify(root / name, folder, cache, workers)
        for name, folder in published.folders.items()
    }
    every = [entry for found in entries.values() for entry in found]
    for recipe in published.recipes:
        store_images(
            every,
            recipe.scales,
            recipe.channels,
            recipe.interpolated,
            recipe.degradation,
            cache,
            workers=workers,
        )
    if not keep:
        shutil.rmtree(work, ignore_errors=True)
        if work.parent.is_dir() and not any(work.parent.iterdir()):
            work.parent.rmdir()
    return [_state(name, published.folders[name], found) for name, found in entries.items()]


def _fill(
    published: Published, missing: Sequence[str], root: Path, work: Path, source: Path | None
) -> None:
    """Collects the missing folders in a staging folder, and moves them when they are complete."""
    staging = work / "staging"
    if source is None:
        files = [file._replace(url=u) for file in published.files for u in numbered(file.url)]
        download(files, work / "files")
        places = [work / "files" / file.name for file in files if is_archive(Path(file.name))]
        loose = work / "files"
        if any(is_image(file.name) for file in files):
            places.append(loose)
    elif not source.exists():
        raise ImageError(f"source: there is no {source}; expected a folder or an archive")
    else:
        places = [source]
    patterns = {name: _pattern(published.folders[name], name, source) for name in missing}
    found = dict.fromkeys(missing, 0)
    for place in places:
        for name, count in extract(place, patterns, staging).items():
            found[name] += count
    for name in missing:
        _check_count(name, published.folders[name], staging / name, places)
        remove_leftovers(staging / name)  # of copies that were cut off
        (staging / name).replace(root / name)


def _pattern(folder: Folder, name: str, source: Path | None) -> str:
    """An own copy is searched for the project's folder names; archives have the publisher's."""
    if source is None or is_archive(source):
        return folder.members
    return f"*/{name}/*" if _has_folder(source, name) else folder.members


def _has_folder(source: Path, name: str) -> bool:
    return source.name == name or any(path.is_dir() for path in source.rglob(name))


def _check_count(name: str, folder: Folder, place: Path, sources: Sequence[Path]) -> None:
    found = len(list_images(place)) if place.is_dir() else 0
    if found != folder.images:
        where = ", ".join(map(str, sources))
        raise ImageError(
            f"{name}: {found} images in {where}, expected {folder.images} named like "
            f"{folder.members}; give source=... the right folder or archive, or delete what is "
            "broken and run the command again"
        )


def _verify(folder: Path, wanted: Folder, cache: Path, workers: int | None) -> list[ImageInfo]:
    files = list_images(folder)
    if len(files) != wanted.images:
        raise ImageError(
            f"{folder}: {len(files)} images, expected {wanted.images}; move the folder away and "
            "run the command again to get it anew"
        )
    return index_images(files, cache, workers)


def folder_digest(entries: Sequence[ImageInfo]) -> str:
    """A digest of all pixels of a folder, whatever the files are called."""
    digests = "".join(sorted(entry.digest for entry in entries))
    return hashlib.sha256(digests.encode()).hexdigest()[:16]


def _state(name: str, folder: Folder, entries: Sequence[ImageInfo]) -> State:
    if folder.digest is None:
        pixels = "not known"
    else:
        pixels = "as expected" if folder_digest(entries) == folder.digest else "another copy"
    widths, heights = [e.width for e in entries], [e.height for e in entries]
    unique = len({entry.digest for entry in entries})
    double = f"{unique} different ones" if unique < len(entries) else ""
    note = "; ".join(text for text in (double, folder.note) if text)
    return State(
        name,
        len(entries),
        (min(widths), max(widths)),
        (min(heights), max(heights)),
        pixels,
        note,
    )

"""Images out of archives and folders, without trusting either."""

import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatch
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, NamedTuple

from sr_experiments.errors import ImageError
from sr_experiments.files import whole_file
from sr_experiments.imaging.listing import image_paths, is_image

_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


class Member(NamedTuple):
    """A file in an archive or folder."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def is_archive(path: Path) -> bool:
    """Whether the name is that of an archive."""
    return path.name.lower().endswith(_ENDINGS)


def extract(source: Path, patterns: Mapping[str, str], staging: Path) -> dict[str, int]:
    """Copies images out of an archive or a folder into one folder per pattern.

    Nothing but plain image files is taken, under the last part of their names. Each gets its name
    once it is whole; what is there already with the right size is left alone.

    Args:
        source: an archive or a folder.
        patterns: for each target folder the pattern of the names it takes, as ``*/T91/*.png``.
        staging: folder that gets the target folders.

    Returns:
        Number of images per target folder.

    Raises:
        ImageError: the archive is broken, or a name in it leads out of it.
    """
    count = dict.fromkeys(patterns, 0)
    try:
        for member in _members(source):
            for folder, pattern in patterns.items():
                if fnmatch(f"/{member.name}", pattern if pattern[0] == "*" else f"*/{pattern}"):
                    _copy(member, staging / folder / PurePosixPath(member.name).name)
                    count[folder] += 1
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
        raise ImageError(
            f"{source}: broken archive ({error}); delete it and run the command again"
        ) from None
    return count


def _members(source: Path) -> Iterator[Member]:
    """All image files, after all names were checked."""
    if source.is_dir():
        for path in map(Path, image_paths(source, deep=True)):
            name = path.relative_to(source.parent).as_posix()
            yield Member(name, path.stat().st_size, partial(_read, path))
    elif source.name.lower().endswith(".zip"):
        with zipfile.ZipFile(source) as archive:
            infos = archive.infolist()
            _check(source, [info.filename for info in infos])
            for info in infos:
                if _wanted(info.filename):
                    yield Member(info.filename, info.file_size, partial(archive.open, info))
    else:
        with tarfile.open(source) as archive_:
            # Read from front to back: listing a compressed tar first would decompress it twice.
            for entry in archive_:
                _check(source, [entry.name])
                if entry.isreg() and _wanted(entry.name):
                    yield Member(entry.name, entry.size, partial(_opened, archive_, entry))


def _read(path: Path) -> IO[bytes]:
    return path.open("rb")


def _opened(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(entry)
    assert file is not None
    return file


def _wanted(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    return is_image(path.name) and not hidden


def _check(source: Path, names: list[str]) -> None:
    for name in names:
        parts = PurePosixPath(name.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or PureWindowsPath(name).drive:
            raise ImageError(
                f"{source}: not extracted, since {name!r} in it leads out of the target folder; "
                "delete the file and get the set from a place you trust"
            )


def _copy(member: Member, target: Path) -> None:
    if target.exists() and target.stat().st_size == member.size:
        return
    with member.open() as source, whole_file(target) as out:
        shutil.copyfileobj(source, out, 1 << 20)

"""Files that appear whole or not at all; a full disk in one clear line."""

import csv
import errno
import glob
import io
import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from sr_experiments.errors import DISK_FULL, DiskFullError, ImageError

_REFUSED = {errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOTDIR, errno.ELOOP}
CACHE = "data.cache=... or SR_CACHE"  # how to choose another folder for the cache
_TEMPORARY = re.compile(r"\..+\.\d+")


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes its name when it is complete and on the disk.

    Until then it lies beside its target as ``.NAME.HOST.PID``; where writing fails, nothing stays.
    What processes that were killed have left in this folder is removed before.

    Raises:
        OSError: it cannot be written; what had the name before is intact.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path.parent.absolute())
    temporary = path.with_name(f".{path.name}.{platform.node()}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a full disk does not say where
        raise
    _sync_folder(path.parent)


@contextmanager
def writing_to(folder: Path, choice: str = CACHE) -> Iterator[None]:
    """Writes into a folder.

    Args:
        folder: as it stands in the message.
        choice: the key that chooses another one.

    Raises:
        DiskFullError: there is no space left.
        ImageError: it cannot be written for another reason.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL | _REFUSED:
            raise
        kind = DiskFullError if error.errno in DISK_FULL else ImageError
        raise kind(
            f"{folder}: cannot be written ({error.strerror}); what is finished is kept, and the "
            f"same command goes on from there: make room, or choose another folder with {choice}"
        ) from None


def write_whole(path: Path, text: str) -> None:
    """Writes a file so that it appears whole or not at all; its folder is made if need be."""
    with whole_file(path) as file:
        file.write(text.encode())


def write_table(
    path: Path, lines: Sequence[Mapping[str, Any]], names: Sequence[str] | None = None
) -> None:
    """Writes CSV, whole or not at all; the columns are the first line's unless they are given."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0] if names is None else names))
    writer.writeheader()
    writer.writerows(lines)
    write_whole(path, text.getvalue())


def remove_leftovers(*folders: Path) -> None:
    """Removes all temporary files of folders that are locked, whoever wrote them."""
    for folder in folders:
        for path in folder.glob(".*"):
            if _TEMPORARY.fullmatch(path.name) and path.is_file():
                path.unlink(missing_ok=True)


@cache
def _remove_abandoned(folder: Path) -> None:
    """Removes the temporary files of this machine's processes that are no more, once."""
    for path in folder.glob(f".*.{glob.escape(platform.node())}.*"):
        writer = path.name.rpartition(".")[2]
        if writer.isdecimal() and path.is_file() and not _is_alive(int(writer)):
            path.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        pass
    return True


def _sync_folder(folder: Path) -> None:
    """Brings a new name to the disk, where the file system can do that."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)

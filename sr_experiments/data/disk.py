"""Disks that are full or refuse to be written: one clear line, and what is finished stays."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sr_experiments.errors import DiskFullError, ImageError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOTDIR, errno.ELOOP}
CACHE = "data.cache=... or SR_CACHE"  # how to choose another folder for the cache


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
        if error.errno not in _FULL | _REFUSED:
            raise
        kind = DiskFullError if error.errno in _FULL else ImageError
        raise kind(
            f"{folder}: cannot be written ({error.strerror}); what is finished is kept, and the "
            f"same command goes on from there: make room, or choose another folder with {choice}"
        ) from None

"""The streams of a command, which lose lines on a full disk and stop nothing."""

import io
import sys
from typing import TextIO

from sr_experiments.errors import DISK_FULL


class _LosingFile(io.FileIO):
    """Counts what a full disk does not take as written."""

    def write(self, data: object, /) -> int:
        """The number of bytes that need not be written again."""
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            return memoryview(data).nbytes  # type: ignore[arg-type]


def outlive_full_disks() -> None:
    """Replaces ``sys.stdout`` and ``sys.stderr``, where they are files of the system.

    A run must not end because its log, or a warning about that very disk, cannot be written.
    """
    sys.stdout, sys.stderr = _losing(sys.stdout), _losing(sys.stderr)


def _losing(stream: TextIO) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    try:
        descriptor = stream.fileno()
    except OSError:
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_LosingFile(descriptor, "wb", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        # Without a buffer at all, as PYTHONUNBUFFERED wants it, lines would be torn.
        line_buffering=stream.line_buffering or stream.write_through,
    )

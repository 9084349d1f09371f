"""PNG in rows, of 8 or 16 bits: Pillow has no colour of 16 bits, and wants an image as a whole."""

import struct
import zlib
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from torch import Tensor

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KINDS = {1: 0, 2: 4, 3: 2, 4: 6}  # channels -> gray, gray and alpha, RGB, RGB and alpha
_ROWS = 64  # that are filtered at once

Bytes = npt.NDArray[np.uint8]


class PngWriter:
    """Writes an image from top to bottom (ISO/IEC 15948).

    Args:
        file: to write to.
        size: height and width.
        channels: 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha.
        bits: per channel, 8 or 16.
        exif: a TIFF block without the mark of JPEG files; empty: none.
        icc: a colour profile; empty: none.
    """

    def __init__(
        self,
        file: BinaryIO,
        size: tuple[int, int],
        channels: int,
        bits: int,
        exif: bytes = b"",
        icc: bytes = b"",
    ) -> None:
        self._file = file
        self._step = channels * bits // 8  # bytes per pixel
        self._above = np.zeros(size[1] * self._step, np.uint8)
        self._packer = zlib.compressobj(6)
        file.write(_SIGNATURE)
        height, width = size
        self._chunk(b"IHDR", struct.pack(">2I5B", width, height, bits, _KINDS[channels], 0, 0, 0))
        if icc:
            self._chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc))
        if exif:
            self._chunk(b"eXIf", exif)

    def write(self, rows: Tensor) -> None:
        """Appends rows, uint8 or uint16 [channels, n, width]."""
        pixels = rows.permute(1, 2, 0).contiguous().numpy()
        if pixels.dtype == np.uint16:
            pixels = pixels.astype(">u2")
        lines = pixels.reshape(len(pixels), -1).view(np.uint8)
        for start in range(0, len(lines), _ROWS):
            part = lines[start : start + _ROWS]
            packed = self._packer.compress(filtered(part, self._above, self._step).tobytes())
            self._above = part[-1].copy()
            if packed:
                self._chunk(b"IDAT", packed)

    def close(self) -> None:
        """Writes what is left; the file itself stays open."""
        self._chunk(b"IDAT", self._packer.flush())
        self._chunk(b"IEND", b"")

    def _chunk(self, kind: bytes, data: bytes) -> None:
        self._file.write(struct.pack(">I", len(data)) + kind + data)
        self._file.write(struct.pack(">I", zlib.crc32(kind + data)))


def filtered(lines: Bytes, above: Bytes, step: int) -> Bytes:
    """Each row as its difference to what its neighbours predict, behind the filter's number.

    Of no filter, Sub, Up and Paeth it takes the one with the smallest sum of absolute differences,
    the heuristic of the standard (12.8).

    Args:
        lines: [n, bytes].
        above: the row before the first one, zeros at the top.
        step: bytes per pixel.

    Returns:
        [n, 1 + bytes].
    """
    up = np.concatenate([above[None], lines[:-1]])
    left, corner = (np.pad(x[:, :-step], ((0, 0), (step, 0))) for x in (lines, up))
    a, b, c = (x.astype(np.int16) for x in (left, up, corner))
    to_a, to_b, to_c = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    near_a, near_b = (to_a <= to_b) & (to_a <= to_c), to_b <= to_c
    paeth = np.where(near_a, left, np.where(near_b, up, corner))
    choices = {0: lines, 1: lines - left, 2: lines - up, 4: lines - paeth}
    sums = [
        np.abs(x.view(np.int8).astype(np.int16)).sum(1, dtype=np.int64) for x in choices.values()
    ]
    best = np.argmin(sums, axis=0)
    numbers, stacked = np.array(list(choices), np.uint8), np.stack(list(choices.values()))
    return np.concatenate([numbers[best][:, None], stacked[best, np.arange(len(lines))]], axis=1)

"""Image stores: one safetensors file per set and spec, with a named tensor per image.

The file is written in place, image by image and from several processes, which no safetensors
library offers: its header is known beforehand, since the sizes of all images are.
"""

import json
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sr_experiments.errors import ImageError

Shape = tuple[int, int, int]
_KINDS = {torch.uint8: "U8", torch.float32: "F32"}
# Checksums stand first, so that they are found without reading a header as long as the set.
_BEGIN = b'{"__metadata__":{"crc32":"'
_DIGITS = 8  # of a checksum in hexadecimal


class Layout:
    """Where each image lies in the file, in bytes from the start of its data.

    Args:
        shapes: [C, H, W] of each image.
        is_uint8: whether pixels are uint8 instead of float32.

    Attributes:
        shapes: int64 [N, 3].
        offsets: int64 [N + 1], the end of the last image included.
        dtype: that of the pixels.
    """

    def __init__(self, shapes: Sequence[Shape], is_uint8: bool) -> None:
        self.shapes = np.array(shapes, dtype=np.int64)
        self.dtype = torch.uint8 if is_uint8 else torch.float32
        self.offsets = np.zeros(len(shapes) + 1, dtype=np.int64)
        self.offsets[1:] = np.cumsum(self.shapes.prod(axis=1) * self.dtype.itemsize)


def header(
    names: Sequence[str], layout: Layout, about: str, checksums: Sequence[int] | None = None
) -> bytes:
    """The bytes before the data, for images that follow one another in this order.

    Args:
        names: of the images.
        layout: where they lie.
        about: what the store holds, for people.
        checksums: CRC-32 of each image's bytes; None while they are not known, as long as then.
    """
    kind = _KINDS[layout.dtype]
    shapes, offsets = layout.shapes.tolist(), layout.offsets.tolist()
    sums = "".join(f"{c:0{_DIGITS}x}" for c in checksums or [0] * len(shapes))
    content: dict[str, Any] = {"__metadata__": {"crc32": sums, "about": about}}
    for name, shape, *ends in zip(names, shapes, offsets, offsets[1:]):  # noqa: B905 (one more)
        content[name] = {"dtype": kind, "shape": shape, "data_offsets": ends}
    text = json.dumps(content, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


class ImageStore:
    """A finished store; mapped into memory by each process on its own, at the first read.

    Args:
        path: the file.
        layout: where its images lie; only its length is checked against the file.

    Raises:
        ImageError: the file is no store of this layout.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path = path
        self.layout = layout
        self._pixels: NDArray[Any] | None = None
        self._unchecked: dict[int, bytes] = {}
        with self._opened() as file:
            self.start = 8 + int.from_bytes(file.read(8), "little")
            size = os.fstat(file.fileno()).st_size
        expected = self.start + int(layout.offsets[-1])
        if size != expected:
            raise ImageError(
                f"{path}: not the image store that was built ({size} bytes, expected "
                f"{expected}); delete it and it is built again"
            )

    def __len__(self) -> int:
        return len(self.layout.shapes)

    def crop(self, image: int, top: int, left: int, side: int) -> NDArray[Any]:
        """[C, side, side] of one image, read-only; pixels are read when they are used.

        Args:
            image: its number in the store.
            top: first row.
            left: first column.
            side: pixels.

        Raises:
            ImageError: the image's bytes are not those that were stored.
        """
        if self._pixels is None:
            kind = np.uint8 if self.layout.dtype == torch.uint8 else np.float32
            self._pixels = np.asarray(np.memmap(self.path, kind, "r", self.start))
            self._unchecked = self._checksums()
        if image in self._unchecked:
            begin, end = self.layout.offsets[image : image + 2].tolist()
            with self._opened() as file:  # in memory, a sector that cannot be read ends the process
                file.seek(self.start + begin)
                self._check(file.read(end - begin), image, self._unchecked.pop(image))
        pixels = self.view(self._pixels, image)
        return pixels[:, top : top + side, left : left + side]

    def view(self, pixels: NDArray[Any], image: int) -> NDArray[Any]:
        """[C, H, W] of one image out of all pixels."""
        begin, end = self.layout.offsets[image : image + 2] // self.layout.dtype.itemsize
        return pixels[begin:end].reshape(self.layout.shapes[image])

    def flat(self) -> Tensor:
        """All pixels in memory, image after image: [N] in the store's dtype, on 0..255.

        Raises:
            ImageError: the bytes of an image are not those that were stored.
        """
        count = int(self.layout.offsets[-1]) // self.layout.dtype.itemsize
        whole = torch.empty(count, dtype=self.layout.dtype)
        with self._opened() as file:
            file.seek(self.start)
            file.readinto(whole.view(torch.uint8).numpy().data)
        for image, checksum in self._checksums().items():
            self._check(self.view(whole.numpy(), image).data, image, checksum)
        return whole

    @contextmanager
    def _opened(self) -> Iterator[BufferedReader]:
        try:
            with self.path.open("rb") as file:
                yield file
        except OSError as error:
            raise ImageError(
                f"{self.path}: cannot be read ({error.strerror}); delete it and it is built again"
            ) from None

    def _checksums(self) -> dict[int, bytes]:
        """CRC-32 by image, as text; none where the store was built before there were any."""
        with self._opened() as file:
            file.seek(8)
            if file.read(len(_BEGIN)) != _BEGIN:
                return {}
            text = file.read(_DIGITS * len(self))
        return {i: text[i * _DIGITS : (i + 1) * _DIGITS] for i in range(len(self))}

    def _check(self, content: bytes | memoryview, image: int, checksum: bytes) -> None:
        if f"{zlib.crc32(content):0{_DIGITS}x}".encode() != checksum:
            raise ImageError(
                f"{self.path}: image {image} of this store is damaged; delete the file and it is "
                "built again"
            )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pixels": None}

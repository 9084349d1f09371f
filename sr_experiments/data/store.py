"""Image stores: one safetensors file per set and variant, with a named tensor per image.

The file is written in place, image by image and from several processes, which no safetensors
library offers: its header is known beforehand, since the sizes of all images are.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import safe_open
from torch import Tensor

from sr_experiments.errors import ImageError

Shape = tuple[int, int, int]
_DTYPES = {"U8": torch.uint8, "F32": torch.float32}


class Layout(NamedTuple):
    """Where each image [C, H, W] lies in the file, in bytes from the start of its data."""

    names: tuple[str, ...]
    shapes: tuple[Shape, ...]
    offsets: tuple[int, ...]
    dtype: torch.dtype
    start: int


def header(names: Sequence[str], shapes: Sequence[Shape], whole: bool, about: str) -> bytes:
    """The bytes before the data, for images that follow one another in this order."""
    kind, size = ("U8", 1) if whole else ("F32", 4)
    content: dict[str, Any] = {"__metadata__": {"about": about}}
    offset = 0
    for name, shape in zip(names, shapes, strict=True):
        end = offset + size * shape[0] * shape[1] * shape[2]
        content[name] = {"dtype": kind, "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(content, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def read_layout(path: Path) -> Layout:
    """The layout of a store.

    Raises:
        ImageError: the file is no store.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            content = json.loads(file.read(length))
        content.pop("__metadata__", None)
        rows = sorted(content.items(), key=lambda item: item[1]["data_offsets"])
        return Layout(
            tuple(name for name, _ in rows),
            tuple(tuple(row["shape"]) for _, row in rows),
            tuple(row["data_offsets"][0] for _, row in rows),
            _DTYPES[rows[0][1]["dtype"]],
            8 + length,
        )
    except (OSError, ValueError, KeyError, IndexError, MemoryError) as error:
        raise ImageError(
            f"{path}: not an image store ({error}); delete it and it is built again"
        ) from None


class ImageStore:
    """A finished store; opened by each process on its own, at the first read.

    Args:
        path: the file.

    Raises:
        ImageError: the file is no store.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.layout = read_layout(path)
        self._file: Any = None
        self._slices: dict[int, Any] = {}
        self._process = 0

    def __len__(self) -> int:
        return len(self.layout.names)

    def crop(self, image: int, top: int, left: int, side: int) -> Tensor:
        """[C, side, side] of one image."""
        if self._file is None or self._process != os.getpid():
            self._file = safe_open(self.path, framework="pt")
            self._slices = {}
            self._process = os.getpid()
        if image not in self._slices:
            self._slices[image] = self._file.get_slice(self.layout.names[image])
        part: Tensor = self._slices[image][:, top : top + side, left : left + side]
        return part

    def flat(self) -> Tensor:
        """All pixels in memory, image after image."""
        count = (self.path.stat().st_size - self.layout.start) // self.layout.dtype.itemsize
        whole = torch.empty(count, dtype=self.layout.dtype)
        with self.path.open("rb") as file:
            file.seek(self.layout.start)
            file.readinto(whole.view(torch.uint8).numpy().data)
        return whole

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_file": None, "_slices": {}}

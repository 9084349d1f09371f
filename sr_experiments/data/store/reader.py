"""Batches of crops from stores on disk, in memory or on an accelerator: the same in all cases."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, Protocol, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sr_experiments.data.store.file import ImageStore
from sr_experiments.imaging.augment import apply_symmetries

Residency = Literal["disk", "host", "device"]


class Source(NamedTuple):
    """One image: its store and its number in it."""

    store: ImageStore
    image: int


class ItemTable(Sequence[Source]):
    """Images at several scales: item i is image i // K of store i % K.

    Made when they are asked for: a list would be the larger part of start-up.

    Args:
        stores: K stores of equally many images.
    """

    def __init__(self, stores: Sequence[ImageStore]) -> None:
        self.stores = tuple(stores)

    def __len__(self) -> int:
        return len(self.stores) * len(self.stores[0])

    @overload
    def __getitem__(self, index: int) -> Source: ...
    @overload
    def __getitem__(self, index: slice) -> list[Source]: ...
    def __getitem__(self, index: int | slice) -> Source | list[Source]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        image, number = divmod(range(len(self))[index], len(self.stores))
        return Source(self.stores[number], image)


class Reader(Protocol):
    """Reads square crops."""

    def read_patches(self, rows: Tensor, corners: Tensor, side: int) -> Tensor:
        """Crops, each turned by its symmetry.

        Args:
            rows: int64 [B, >= 4] with the item first and the symmetry 0..7 fourth.
            corners: int64 [B, 2], top and left.
            side: pixels.

        Returns:
            float32 [B, C, side, side] on 0..255.
        """


class DiskReader:
    """Reads each crop from its file, through the system's page cache."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = sources

    def read_patches(self, rows: Tensor, corners: Tensor, side: int) -> Tensor:
        """See :class:`Reader`."""
        sources = self.sources
        places = zip(rows[:, 0].tolist(), corners.tolist(), strict=True)
        cut = (sources[i].store.crop(sources[i].image, *corner, side) for i, corner in places)
        return _collect(cut, rows, side)


class HostReader:
    """Cuts crops out of images in memory."""

    def __init__(self, sources: Sequence[Source]) -> None:
        flats = {store: store.flat() for store in dict.fromkeys(s for s, _ in sources)}
        self.images = [store.view(flats[store].numpy(), image) for store, image in sources]

    def read_patches(self, rows: Tensor, corners: Tensor, side: int) -> Tensor:
        """See :class:`Reader`."""
        images = self.images
        places = zip(rows[:, 0].tolist(), corners.tolist(), strict=True)
        cut = (images[i][:, top : top + side, left : left + side] for i, (top, left) in places)
        return _collect(cut, rows, side)


class DeviceReader:
    """Gathers a whole batch from one tensor on an accelerator, turned in the same step."""

    def __init__(self, sources: Sequence[Source], device: torch.device) -> None:
        stores = list(dict.fromkeys(store for store, _ in sources))
        parts = [store.flat().to(device) for store in stores]
        starts = dict(zip(stores, _starts([part.numel() for part in parts]), strict=True))
        self.flat = torch.cat(parts) if len(parts) > 1 else parts[0]
        table = [
            (starts[s] + s.layout.offsets[i] // s.layout.dtype.itemsize, *s.layout.shapes[i, 1:])
            for s, i in sources
        ]
        self.device = device
        self.channels = int(sources[0].store.layout.shapes[0, 0])
        self.table = torch.tensor(np.array(table), device=device)
        self.grids: dict[int, Tensor] = {}

    def read_patches(self, rows: Tensor, corners: Tensor, side: int) -> Tensor:
        """See :class:`Reader`."""
        rows, corners = _sent(rows, self.device), _sent(corners, self.device)
        start, height, width = self.table[rows[:, 0]].T[:, :, None, None, None]
        if side not in self.grids:
            self.grids[side] = _grid(side).to(self.device)
        down, across = self.grids[side][rows[:, 3]].unbind(dim=1)
        top, left = corners.T[:, :, None, None, None]
        index = start + (top + down[:, None]) * width + left + across[:, None]
        plane = torch.arange(self.channels, device=self.device).view(1, -1, 1, 1)
        return self.flat[index + plane * (height * width)].float()


def make_reader(sources: Sequence[Source], residency: Residency, device: torch.device) -> Reader:
    """The reader for a residency.

    Args:
        sources: the images, by item.
        residency: where they live.
        device: the accelerator of "device".
    """
    if residency == "disk":
        return DiskReader(sources)
    return HostReader(sources) if residency == "host" else DeviceReader(sources, device)


def _sent(x: Tensor, device: torch.device) -> Tensor:
    """Copies to a device; from pageable memory the host would wait until a GPU has taken it."""
    return (x.pin_memory() if device.type == "cuda" else x).to(device, non_blocking=True)


def _collect(crops: Iterable[NDArray[Any]], rows: Tensor, side: int) -> Tensor:
    """Turns and converts each crop on its way into the batch, in a single pass over its pixels."""
    batch: NDArray[np.float32] | None = None
    for i, (crop, symmetry) in enumerate(zip(crops, rows[:, 3].tolist(), strict=True)):
        if batch is None:
            batch = np.empty((len(rows), crop.shape[0], side, side), dtype=np.float32)
        batch[i] = _turned(crop, symmetry)
    return torch.from_numpy(batch)


def _turned(pixels: NDArray[Any], k: int) -> NDArray[Any]:
    """``dihedral`` as a view, which tensors cannot express."""
    if k >= 4:
        pixels = pixels[..., ::-1]
    if k % 4 == 1:
        return pixels[..., ::-1].swapaxes(-1, -2)
    if k % 4 == 2:
        return pixels[..., ::-1, ::-1]
    return pixels.swapaxes(-1, -2)[..., ::-1] if k % 4 == 3 else pixels


def _starts(lengths: Sequence[int]) -> list[int]:
    return [sum(lengths[:i]) for i in range(len(lengths))]


def _grid(side: int) -> Tensor:
    """Where each pixel of a turned crop comes from: [8, 2 (down, across), side, side]."""
    pixels = torch.arange(side * side).view(1, 1, side, side).expand(8, -1, -1, -1)
    origin = apply_symmetries(pixels.clone(), torch.arange(8))[:, 0]
    return torch.stack([origin // side, origin % side], dim=1)

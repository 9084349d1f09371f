"""Builds the image stores of a set: in parallel, resumable, once for all who wait for them."""

import hashlib
import json
import os
import shutil
import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import torch
from filelock import FileLock
from torch import Tensor

from sr_experiments.data.index import ImageInfo, pixel_digest
from sr_experiments.data.parallel import results
from sr_experiments.data.store.file import ImageStore, Layout, header
from sr_experiments.data.store.spec import StoreSpec
from sr_experiments.errors import DiskFullError, ImageError, UserError
from sr_experiments.files import CACHE, writing_to
from sr_experiments.imaging import (
    fits_in_memory,
    load_image,
)

_NOT_DONE = b"-" * 8  # else the checksum of the image, in hexadecimal
_SECONDS_BETWEEN_NOTES = 1.0  # work that is lost at most when the machine goes down
_FORMAT = 1  # raised when stores of before must not be used any more


class _Task:
    """One store that is being built."""

    def __init__(self, entries: Sequence[ImageInfo], spec: StoreSpec, path: Path) -> None:
        self.spec = spec
        self.path = path
        self.partial = path.with_suffix(".partial")
        # A mark for each image, with its space taken beforehand: also a full disk takes notes.
        self.done = path.with_suffix(".done")
        self.images = len(entries)
        names = [
            f"{i}/{Path(e.path).parent.name}/{Path(e.path).name}" for i, e in enumerate(entries)
        ]
        layout = Layout(spec.shapes(entries), spec.is_uint8)
        self.header = partial(header, names, layout, spec.label())
        self.head = self.header()
        self.offsets = (len(self.head) + layout.offsets).tolist()

    def begin(self) -> dict[int, int]:
        """Makes the file, or takes up an interrupted one; finished images with their CRC-32."""
        try:
            with self.partial.open("rb") as file:
                whole = os.fstat(file.fileno()).st_size == self.offsets[-1]
                text = self.done.read_bytes()
                if whole and file.read(len(self.head)) == self.head:
                    width = len(_NOT_DONE)
                    marks = [text[i : i + width] for i in range(0, len(text), width)]
                    if len(marks) == self.images:
                        return {i: int(m, 16) for i, m in enumerate(marks) if m != _NOT_DONE}
        except (OSError, ValueError):  # the latter: damaged marks
            pass
        self.done.write_bytes(_NOT_DONE * self.images)
        with self.partial.open("wb") as file:
            file.truncate(self.offsets[-1])
            file.write(self.head)
        return {}

    def finish(self, checksums: Mapping[int, int]) -> None:
        """Adds the checksums of all images, and gives the file its final name."""
        with self.partial.open("r+b") as file:
            file.write(self.header([checksums[i] for i in range(len(checksums))]))
            file.flush()
            os.fsync(file.fileno())
        self.partial.replace(self.path)
        self.done.unlink(missing_ok=True)


class _Notes:
    """Notes which images are in the stores, after they have reached the disk."""

    def __init__(self, tasks: Sequence[_Task]) -> None:
        self.news: dict[_Task, dict[int, int]] = {task: {} for task in tasks}
        self.written = time.monotonic()

    def add(self, number: int, task: _Task, checksum: int) -> None:
        """Adds an image; the disk is asked now and then, since that takes time."""
        self.news[task][number] = checksum
        if time.monotonic() - self.written > _SECONDS_BETWEEN_NOTES:
            self.write()

    def write(self) -> None:
        """Brings all notes to the disk."""
        for task, checksums in self.news.items():
            if checksums:
                with task.partial.open("rb") as file:
                    os.fsync(file.fileno())
                with task.done.open("r+b", buffering=0) as file:
                    for number, checksum in checksums.items():
                        mark = f"{checksum:08x}".encode()
                        os.pwrite(file.fileno(), mark, number * len(mark))
                checksums.clear()
        self.written = time.monotonic()


def store_path(entries: Sequence[ImageInfo], spec: StoreSpec, cache: Path) -> Path:
    """Where the store of these images lies: named by their content and the settings.

    Args:
        entries: the images.
        spec: what the store holds of each.
        cache: folder of the stores.
    """
    content = [_FORMAT, [entry.digest for entry in entries], spec.settings()]
    key = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:24]
    return cache / "stores" / f"{spec.label()}-{key}.safetensors"


def build_stores(
    entries: Sequence[ImageInfo],
    specs: Sequence[StoreSpec],
    cache: Path,
    workers: int | None = None,
) -> list[ImageStore]:
    """Opens the stores, after building those that are missing.

    Others that want the same wait meanwhile. An interrupted build goes on where it was.

    Args:
        entries: the images.
        specs: one store each.
        cache: folder of the stores.
        workers: processes that build; None: as many as are worthwhile.

    Raises:
        ImageError: an image changed meanwhile, or the cache cannot be written.
        DiskFullError: the stores do not fit on the disk.
    """
    paths = [store_path(entries, spec, cache) for spec in specs]
    if not all(path.exists() for path in paths):
        with ExitStack() as stack:
            stack.enter_context(writing_to(cache))
            (cache / "stores").mkdir(parents=True, exist_ok=True)
            # Sorted, so that two builders never wait for each other.
            for path in sorted(set(paths)):
                stack.enter_context(FileLock(path.with_suffix(".lock")))
            missing = {p: v for p, v in zip(paths, specs, strict=True) if not p.exists()}
            tasks = [_Task(entries, spec, path) for path, spec in missing.items()]
            _build(entries, tasks, workers)
    # What a store holds is known from its key: its header, as long as the set, is not read again.
    return [
        ImageStore(path, Layout(spec.shapes(entries), spec.is_uint8))
        for path, spec in zip(paths, specs, strict=True)
    ]


def _build(entries: Sequence[ImageInfo], tasks: Sequence[_Task], workers: int | None) -> None:
    if not tasks:
        return
    _check_space(tasks)
    checksums = {task: task.begin() for task in tasks}
    jobs = [(i, [t for t in tasks if i not in checksums[t]]) for i in range(len(entries))]
    jobs = [job for job in jobs if job[1]]
    notes = _Notes(tasks)
    try:
        outcomes = results(partial(_render, entries), jobs, workers)
        for (i, pending), outcome in zip(jobs, outcomes, strict=True):
            if isinstance(outcome, UserError):
                raise outcome
            for task, checksum in zip(pending, outcome, strict=True):
                checksums[task][i] = checksum
                notes.add(i, task, checksum)
    finally:
        notes.write()
    for task in tasks:
        task.finish(checksums[task])


def _render(entries: Sequence[ImageInfo], job: tuple[int, Sequence[_Task]]) -> list[int]:
    """Writes one image into all stores that lack it; the CRC-32 of its bytes in each."""
    number, tasks = job
    entry = entries[number]
    image = load_image(Path(entry.path))
    with fits_in_memory(entry.path), writing_to(tasks[0].path.parent):
        if pixel_digest(image) != entry.digest:
            raise ImageError(f"{entry.path}: changed while it was read; run the command again")
        return [_write(task, number, task.spec.render(image)) for task in tasks]


def _write(task: _Task, number: int, pixels: Tensor) -> int:
    data = pixels.flatten().view(torch.uint8).numpy().data
    checksum = zlib.crc32(data)
    at = task.offsets[number]
    assert len(data) == task.offsets[number + 1] - at
    with task.partial.open("r+b", buffering=0) as file:
        while data:
            written = os.pwrite(file.fileno(), data, at)
            at, data = at + written, data[written:]
    return checksum


def _check_space(tasks: Sequence[_Task]) -> None:
    needed = sum(task.offsets[-1] - _allocated(task.partial) for task in tasks)
    folder = tasks[0].path.parent
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DiskFullError(
            f"{folder}: the image stores need {needed / 1e6:,.1f} MB and {free / 1e6:,.1f} MB "
            f"are free; make room or choose another folder with {CACHE}"
        )


def _allocated(path: Path) -> int:
    """Bytes that a file takes on the disk; parts that were never written take none."""
    return path.stat().st_blocks * 512 if path.exists() else 0

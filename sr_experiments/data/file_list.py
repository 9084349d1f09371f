"""The images below a folder of any depth and number, listed once."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sr_experiments.errors import ImageError
from sr_experiments.files import whole_file, writing_to
from sr_experiments.imaging.listing import image_paths


class FileList:
    """Paths in one block of bytes: a list of 350,000 strings would be copied by every worker.

    Args:
        paths: the paths, one a line.
        kept: the file that keeps them.
    """

    def __init__(self, paths: bytes, kept: Path) -> None:
        self.kept = kept
        self.paths = paths
        self.ends = np.flatnonzero(np.frombuffer(paths, dtype=np.uint8) == ord("\n"))

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, index: int) -> Path:
        start = 0 if index == 0 else int(self.ends[index - 1]) + 1
        return Path(os.fsdecode(self.paths[start : int(self.ends[index])]))


def list_trees(roots: Sequence[Path], cache: Path) -> FileList:
    """All images below some folders, sorted by path.

    The list is kept together with the times of all folders, and made anew once one of them changed;
    adding or removing a file changes the time of its folder.

    Raises:
        ImageError: a folder does not exist or has no image, a name has a line break, or the cache
            cannot be written.
        DiskFullError: there is no space in the cache.
    """
    roots = [root.absolute() for root in roots]
    name = hashlib.sha256("\n".join(map(str, roots)).encode()).hexdigest()[:24]
    kept = cache / "lists" / f"{name}.txt"
    try:
        head, _, paths = kept.read_bytes().partition(b"\n\n")
        if all(_unchanged(line) for line in head.split(b"\n")):
            return FileList(paths, kept)
    except OSError:
        pass
    folders: list[str] = []
    paths = b"".join(_list_tree(root, folders) for root in roots)
    times = [b"%d %s" % (os.stat(f).st_mtime_ns, os.fsencode(f)) for f in folders]  # noqa: PTH116
    with writing_to(cache), whole_file(kept) as file:
        file.write(b"\n".join(times) + b"\n\n" + paths)
    return FileList(paths, kept)


def _list_tree(root: Path, folders: list[str]) -> bytes:
    if not root.is_dir():
        raise ImageError(f"{root}: no such folder; name it relative to data.root in data.train")
    files = [os.fsencode(path) for path in image_paths(root, deep=True, folders=folders)]
    if not files:
        raise ImageError(f"{root}: no image in this folder or below it")
    if any(b"\n" in path for path in files):
        raise ImageError(f"{root}: holds a file with a line break in its name; rename it")
    return b"\n".join(files) + b"\n"


def _unchanged(line: bytes) -> bool:
    time, _, folder = line.partition(b" ")
    return Path(os.fsdecode(folder)).stat().st_mtime_ns == int(time)

"""The checkpoints of a run folder: which there are, and which one is continued."""

import os
import zipfile
from pathlib import Path

from sr_experiments.errors import CheckpointError

CHECKPOINTS, LAST, BEFORE, BEST = "checkpoints", "last.ckpt", "last-1.ckpt", "best.ckpt"


def newest_checkpoint(run: Path) -> Path | None:
    """The newest whole checkpoint of a run folder; None where there is none.

    A newer one that is torn or corrupt is named on the terminal and skipped.
    """
    candidates = [run / CHECKPOINTS / name for name in (LAST, BEFORE, BEST)]
    broken: list[Path] = []
    for path in filter(Path.is_file, candidates):
        if is_whole(path):
            if broken:
                names = ", ".join(str(other) for other in broken)
                print(f"warning: {names}: broken; taken instead: {path}", flush=True)
            return path
        broken.append(path)
    return None


def chosen_checkpoint(path: Path) -> Path:
    """The file that ``ckpt_path`` means: a file, or the newest whole one of a run folder.

    Where ``last.ckpt`` of a run is named and broken, the one before it is meant too.

    Raises:
        CheckpointError: there is no whole checkpoint in the folder.
    """
    of_run = path.name == LAST and path.parent.name == CHECKPOINTS
    if path.is_dir() or (of_run and not is_whole(path)):
        run = path if path.is_dir() else path.parent.parent
        run = run.parent if run.name == CHECKPOINTS else run
        newest = newest_checkpoint(run)
        if newest is None and path.is_dir():
            raise CheckpointError(f"{path}: there is no whole checkpoint in this folder")
        return newest or path
    return path


def is_whole(path: Path) -> bool:
    """Whether a checkpoint is complete and its checksums are right."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError, ValueError):
        return False


def keep_generation(path: Path) -> None:
    """Keeps ``last.ckpt`` as ``last-1.ckpt`` before a new one takes its name.

    There is a ``last.ckpt`` at every moment, where the file system has hard links.
    """
    if path.name != LAST or not zipfile.is_zipfile(path):
        return
    before = path.with_name(BEFORE)
    before.unlink(missing_ok=True)
    try:
        os.link(path, before)
    except OSError:
        path.replace(before)


def move_aside(run: Path) -> None:
    """Renames ``checkpoints`` to ``checkpoints.N``, so that a run can begin anew."""
    folder = run / CHECKPOINTS
    if folder.is_dir():
        number = 1
        while (target := run / f"{CHECKPOINTS}.{number}").exists():
            number += 1
        folder.rename(target)

"""The checkpoints of a run folder, and from which of them a further attempt goes on."""

import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sr_experiments.errors import CheckpointError, ConfigError
from sr_experiments.runs.command import foreign_rank
from sr_experiments.runs.former_names import current_names
from sr_experiments.runs.identity import differences
from sr_experiments.runs.run_files import BROKEN, METRICS, read_config, read_record
from sr_experiments.runs.status import DIVERGED_STATES, error_of, read_status

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
        run = path if path.is_dir() else run_of(path)
        run = run.parent if run.name == CHECKPOINTS else run
        newest = newest_checkpoint(run)
        if newest is None and path.is_dir():
            raise CheckpointError(f"{path}: there is no whole checkpoint in this folder")
        return newest or path
    return path


def run_of(checkpoint: Path) -> Path:
    """The run folder that a checkpoint lies in."""
    folder = checkpoint.parent
    return folder.parent if folder.name == CHECKPOINTS else folder


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


def move_aside(run: Path, *names: str) -> int:
    """Renames what an earlier attempt has left to ``NAME.N``, all with the same number.

    Args:
        run: the run folder.
        names: of files and folders in it; none need be there.

    Returns:
        The number.
    """
    number = 1
    while any((run / f"{name}.{number}").exists() for name in names):
        number += 1
    for name in names:
        if (run / name).exists():
            (run / name).rename(run / f"{name}.{number}")
    return number


@dataclass(frozen=True)
class ResumePoint:
    """How far a run came in its earlier attempts.

    Attributes:
        finished: whether there is nothing left to do.
        checkpoint: where to go on; None where it has to begin anew.
        seconds: what a finished run took.
        metrics: of a finished run.
    """

    finished: bool = False
    checkpoint: Path | None = None
    seconds: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)


def resume_point(folder: Path) -> ResumePoint:
    """Decides whether a run is finished, goes on from a checkpoint, or begins anew.

    Only runs that diverged or died begin anew, since more steps would not help them; their
    checkpoints and metrics are moved aside. All others continue: stopped, killed, out of memory,
    failed.
    """
    status = read_status(folder)
    if status.get("state") == "finished":
        metrics, seconds = status.get("metrics") or {}, float(status.get("seconds") or 0.0)
        return ResumePoint(finished=True, seconds=seconds, metrics=dict(metrics))
    if not status:
        return ResumePoint()
    if error_of(status)[0] not in DIVERGED_STATES:
        return ResumePoint(checkpoint=newest_checkpoint(folder))
    if not foreign_rank(os.environ):  # of several processes that look, one moves them
        move_aside(folder, CHECKPOINTS, METRICS)
    return ResumePoint()


def check_same(folder: Path, config: Mapping[str, Any]) -> None:
    """Compares a configuration with the one recorded in the folder where it is to run.

    Raises:
        ConfigError: they differ in what matters.
    """
    recorded = read_config(folder)
    if recorded is not None:  # else it never came so far as to record one
        _refuse_other(folder, recorded, config)


def check_composed(file: Path, text: str) -> None:
    """Compares a job's configuration with the one that its sweep composed at its start.

    Args:
        file: what was written then; it need not be there.
        text: what is composed now, as YAML with its interpolations.

    Raises:
        ConfigError: they differ in what matters.
    """
    try:
        before = read_record(file)
    except BROKEN:
        return  # it is written anew
    if isinstance(before, dict):
        _refuse_other(file, current_names(before), yaml.safe_load(text))


def _refuse_other(place: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    if changed := differences(before, now):
        key, (old, new) = next(iter(changed.items()))
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise ConfigError(
            f"{place}: this run was made with {key}={old}, now it is {new}{more}; "
            "give the old value to continue it, or another sweep folder "
            "(hydra.sweep.dir=...) to keep both"
        )


def continues_itself(folder: Path, checkpoint: str | Path | None) -> bool:
    """Whether the checkpoint to continue lies in the run's own folder."""
    return bool(checkpoint) and folder.resolve() in Path(str(checkpoint)).resolve().parents

"""Finds run folders below the given ones and reads them."""

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from sr_experiments.errors import ConfigError
from sr_experiments.runs.former_names import current_override
from sr_experiments.runs.read import Run, as_overrides, partial_config, read_run
from sr_experiments.runs.run_files import CONFIG, OVERRIDES, read_overrides
from sr_experiments.runs.status import JOB_LOG, STATUS

#: Where sweeps lie unless they are told otherwise.
SWEEPS = Path("multirun_sweeps")
# Beside the varied overrides, what sweep.csv says about a job.
_AFTER_OVERRIDES = "state"


def read_runs(paths: Sequence[str | Path]) -> list[Run]:
    """Reads the runs in run folders, sweep folders, or folders with any of these below them.

    A file that cannot be read makes its own run "unreadable" and no other; a job of a sweep that
    has not left a folder yet is "waiting".

    Raises:
        ConfigError: a path does not exist, or there is no run in it.
    """
    found: dict[Path, Run] = {}
    for path in map(Path, paths):
        path = path.expanduser()
        if not path.is_dir():
            problem = "is a file, no folder" if path.is_file() else "there is no such folder"
            raise ConfigError(f"runs: {path}: {problem}; give run folders or sweep folders")
        runs = list(_below(path))
        if not runs:
            raise ConfigError(
                f"runs: there is no run in {path}; a run's folder holds config.yaml or status.json"
            )
        found |= {run.folder.resolve(): run for run in runs}
    return list(found.values())


def newest_sweep(study: str, folder: Path) -> Path:
    """The sweep of a study, anywhere below a folder, that was begun last.

    Raises:
        ConfigError: there is none.
    """
    records = (path for path in folder.rglob(OVERRIDES) if not _is_run(path.parent))
    sweeps = [path for path in records if f"study={study}" in (read_overrides(path.parent) or ())]
    if not sweeps:
        raise ConfigError(
            f"study={study}: there is no sweep of it in {folder}; name its folder with runs=..., "
            f"or run it with `python train.py -m study={study}`"
        )
    return max(sweeps, key=lambda path: path.stat().st_mtime).parent


def _below(path: Path) -> Iterator[Run]:
    if _is_run(path):
        yield read_run(path, _jobs(path.parent).get(path.name))
        return
    folders = sorted(_folders(path), key=lambda p: (len(p.name), p.name))
    jobs = _jobs(path)
    for folder in folders:
        if _is_run(folder):
            yield read_run(folder, jobs.get(folder.name))
        else:
            yield from _below(folder)
    names = {folder.name for folder in folders}
    for name, typed in jobs.items():
        if name not in names:
            yield Run(
                path / name,
                "waiting",
                "it has no folder yet",
                config=partial_config(typed),
                overrides=as_overrides(typed),
            )


def _is_run(folder: Path) -> bool:
    if (folder / STATUS).exists() or (folder / CONFIG).exists():
        return True
    return folder.name.isdecimal() and (folder / JOB_LOG).exists()


def _folders(path: Path) -> list[Path]:
    """Folders in it; links are not followed, as they may lead back."""
    try:
        with os.scandir(path) as entries:
            return [
                Path(entry.path)
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
            ]
    except OSError:
        return []


def _jobs(sweep: Path) -> dict[str, dict[str, str]]:
    """By job number, the overrides in which the jobs of a sweep differ."""
    try:
        rows = list(csv.reader((sweep / "sweep.csv").read_text(encoding="utf-8").splitlines()))
    except (OSError, ValueError, csv.Error):
        return {}
    if not rows or rows[0][:1] != ["job"] or _AFTER_OVERRIDES not in rows[0]:
        return {}
    last = rows[0].index(_AFTER_OVERRIDES)
    keys = [current_override(key) for key in rows[0][1:last]]
    return {
        row[0]: {k: v for k, v in zip(keys, row[1:last], strict=True) if v}
        for row in rows[1:]
        if len(row) == len(rows[0])
    }

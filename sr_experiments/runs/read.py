"""Finds run folders and reads them; whatever is wrong with one becomes a part of the answer."""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sr_experiments.errors import ConfigError
from sr_experiments.runs.former_names import current_names, current_override
from sr_experiments.runs.metrics_file import (
    Curve,
    Measured,
    read_metrics,
    read_results,
)
from sr_experiments.runs.run_files import (
    BROKEN,
    CONFIG,
    ENVIRONMENT,
    METRICS,
    OVERRIDES,
    RESULTS,
    read_overrides,
    read_record,
)
from sr_experiments.runs.status import (
    JOB_LOG,
    SCHEMA,
    STATUS,
    State,
    changed,
    current_status,
    error_of,
    infer_state,
)


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        folder: the run folder.
        state: how it ended, or that it has not.
        error: why it did not finish; empty if it did.
        kind: of the recorded error, as "diverged" or "out_of_memory"; empty without one.
        config: the resolved configuration; empty where it could not be read.
        overrides: what was typed.
        metrics: the newest value of each metric, as ``test/set5_x2/psnr_y``.
        curves: metrics over training, as ``val/set5_x2/psnr_y``.
        bicubic: the metrics of bicubic interpolation on the test sets, by the same names.
        protocol: how the test sets were scored: a protocol's name and what was changed of it.
        environment: command, commit, versions, hardware.
        seconds: wall-clock seconds in all.
        written: when its status was last written, in seconds since 1970; 0 if never.
        notes: what a reader must know about the files themselves.
    """

    folder: Path
    state: State
    error: str = ""
    kind: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    overrides: list[str] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    bicubic: dict[str, float] = field(default_factory=dict)
    protocol: str = ""
    environment: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    written: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def seed(self) -> int | None:
        """The run's seed."""
        return self.config.get("seed")

    @property
    def study(self) -> dict[str, Any]:
        """``name``, ``size`` and ``variant`` of the study that it belongs to; empty without one."""
        return self.config.get("study") or {}


def read_run(folder: Path, sweep_overrides: Mapping[str, str] | None = None) -> Run:
    """Reads a run folder; nothing that is wrong with its files is raised.

    Args:
        folder: the run folder.
        sweep_overrides: what its sweep recorded of them, for a run that left no configuration.
    """
    wrong: list[str] = []
    config = current_names(_mapping(folder, CONFIG, wrong))
    status = current_status(_mapping(folder, STATUS, wrong))
    measured = Measured({}, {}, cut=False)
    scores: dict[str, float] = {}
    bicubic: dict[str, float] = {}
    protocol = ""
    with _noting(METRICS, wrong):
        measured = read_metrics(folder / METRICS)
    with _noting(RESULTS, wrong):
        channel = str((config.get("protocol") or {}).get("channel", "y"))
        scores, bicubic, protocol = read_results(folder / RESULTS, channel)
    recorded: dict[str, float] = {}
    seconds = 0.0
    with _noting(STATUS, wrong):
        recorded = {str(k): float(v) for k, v in (status.get("metrics") or {}).items()}
        seconds = float(status.get("seconds") or 0.0)
    state, error = infer_state(folder, status, bool(config))
    if measured.cut and state != "running":
        wrong.append(f"{METRICS} ends in the middle of a row")
    remarks = _schema_remarks(status)
    recorded_overrides = _parsed(folder, OVERRIDES, remarks)
    environment = _mapping(folder, ENVIRONMENT, remarks)
    return Run(
        folder=folder,
        state="unreadable" if wrong else state,
        error="; ".join(wrong) or error,
        kind=error_of(status)[0],
        config=config or partial_config(sweep_overrides or {}),
        overrides=[current_override(str(each)) for each in recorded_overrides]
        if isinstance(recorded_overrides, list)
        else as_overrides(sweep_overrides or {}),
        metrics={**measured.newest, **scores, **recorded},
        curves=measured.curves,
        bicubic=bicubic,
        protocol=protocol,
        environment=environment,
        seconds=seconds,
        written=changed(folder / STATUS),
        notes=tuple(remarks),
    )


def partial_config(overrides: Mapping[str, str]) -> dict[str, Any]:
    """Seed and variant, as far as they are among the overrides of a job."""
    seed, variant = overrides.get("seed", ""), overrides.get("study.variant")
    config: dict[str, Any] = {"seed": int(seed)} if seed.isdecimal() else {}
    return config | ({"study": {"variant": variant}} if variant else {})


def as_overrides(values: Mapping[str, str]) -> list[str]:
    """Keys and values as they are typed."""
    return [f"{key}={value}" for key, value in values.items()]


def _mapping(folder: Path, name: str, wrong: list[str]) -> dict[str, Any]:
    content = _parsed(folder, name, wrong)
    if content is None or isinstance(content, dict):
        return content or {}
    wrong.append(f"{name} holds no keys")
    return {}


def _parsed(folder: Path, name: str, wrong: list[str]) -> Any:
    """A file's content; None where there is none, or where it cannot be read."""
    with _noting(name, wrong):
        return read_record(folder / name)
    return None


@contextmanager
def _noting(name: str, wrong: list[str]) -> Iterator[None]:
    """Turns what is wrong with a file into words."""
    try:
        yield
    except BROKEN as error:
        wrong.append(f"{name} cannot be read: {' '.join(str(error).split())}")


def _schema_remarks(status: Mapping[str, Any]) -> list[str]:
    schema = status.get("schema", 0)
    if schema in range(SCHEMA + 1):
        return []
    return [
        f"{STATUS} has schema {schema!r}, this version knows {SCHEMA}; update "
        "sr-experiments if something is missing"
    ]


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

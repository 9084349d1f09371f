"""What the jobs of a sweep were composed from: finished ones need not be composed again."""

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from sr_experiments.files import write_whole
from sr_experiments.runs.command import command_overrides
from sr_experiments.runs.frozen import FROZEN
from sr_experiments.runs.run_files import read_config
from sr_experiments.runs.status import read_status
from sr_experiments.sweeps.edits import config_files
from sr_experiments.sweeps.job import Job

_RECORD = "composed.json"
# Settings of a sweep, which change from one start to the next and none of its jobs.
_ASIDE = ("hydra.mode", "hydra.sweep.dir", "hydra.launcher", "hydra/launcher")


class ComposedJobs:
    """Overrides and folders of a sweep's jobs, with a hash of what else composed them.

    Args:
        folder: of the sweep.
        master: its configuration.
    """

    def __init__(self, folder: Path, master: DictConfig) -> None:
        self.folder = folder
        self.path = folder / FROZEN / _RECORD
        self.source = _source(master)
        known = _read(self.path)
        same = known.get("source") == self.source
        self.jobs: dict[str, dict[str, Any]] = known.get("jobs", {}) if same else {}

    def finished(self, number: int, overrides: Sequence[str]) -> Job | None:
        """The job, from its own record; None where it has to be composed to be known.

        Args:
            number: the job's.
            overrides: the job's.
        """
        known = self.jobs.get(str(number))
        if known is None or known.get("overrides") != _own(overrides):
            return None
        folder = self.folder / str(known.get("folder"))
        if read_status(folder).get("state") != "finished":
            return None
        config = read_config(folder)
        return None if config is None else Job(number, list(overrides), folder, config)

    def keep(self, jobs: Iterable[Job]) -> None:
        """Records further jobs, all of which were composed by now."""
        for job in jobs:
            if job.folder.is_relative_to(self.folder):
                place = str(job.folder.relative_to(self.folder))
                self.jobs[str(job.number)] = {"overrides": _own(job.overrides), "folder": place}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, json.dumps({"source": self.source, "jobs": self.jobs}))


def _own(overrides: Sequence[str]) -> list[str]:
    return [each for each in overrides if not each.lstrip("+~").startswith("sweep.")]


def _source(master: DictConfig) -> str:
    typed = command_overrides(master.hydra, "hydra")
    typed = [each for each in typed if not each.lstrip("+~").startswith(_ASIDE)]
    name = str(master.hydra.job.config_name)
    files = sorted((str(path), digest) for path, digest in config_files(master.hydra).items())
    return sha256(json.dumps([name, typed, files]).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}

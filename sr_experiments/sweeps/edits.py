"""Tells which files were edited while a sweep runs, and what that means for its jobs."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from omegaconf import DictConfig

from sr_experiments.runs.code import hashes, source_files
from sr_experiments.sweeps.job import Job


class Edits:
    """The configuration files and the source of a sweep as they were at its start.

    Args:
        jobs: of the sweep.
        hydra: its ``hydra`` configuration, which knows the folders of configuration files.
    """

    def __init__(self, jobs: Sequence[Job], hydra: DictConfig) -> None:
        # Of one's own modules, those of all networks; most sweeps have one.
        self.configs = list({str(job.config.get("model")): job.config for job in jobs}.values())
        self.hydra = hydra
        self.before = self._read()
        self.told: tuple[Path, ...] = ()

    def remark(self) -> str | None:
        """A line about what was edited since the start; None where that was said before."""
        now = self._read()
        both = dict.fromkeys([*self.before, *now])
        edited = tuple(path for path in both if self.before.get(path) != now.get(path))
        if edited == self.told:
            return None
        self.told = edited
        settings = [path for path in edited if path.suffix != ".py"]
        source = [path for path in edited if path.suffix == ".py"]
        parts = []
        if settings:
            parts.append(
                f"{_names(settings)} edited since the sweep began: its jobs keep the configuration "
                "that was composed then"
            )
        if source:
            parts.append(
                f"{_names(source)} edited since the sweep began: jobs that start now run on the "
                "new code, which each records and the report says"
            )
        return "note: " + "; ".join(parts or ["all edited files are as they were at the start"])

    def _read(self) -> dict[Path, str]:
        found: dict[Path, str] = {}
        for config in self.configs:
            found |= source_files(config)
        return found | config_files(self.hydra)


def config_files(hydra: DictConfig) -> dict[Path, str]:
    """The SHA-256 of each file that a command's configuration may be composed of.

    Args:
        hydra: the command's ``hydra`` configuration, which knows the folders.
    """
    sources = (source for source in hydra.runtime.config_sources if source.schema == "file")
    folders = [Path(str(source.path)) for source in sources if source.path]
    return hashes(path for folder in folders for path in folder.rglob("*.yaml"))


def _names(paths: Iterable[Path]) -> str:
    """Paths, from the working directory on where they lie in it."""
    here, all_paths = Path.cwd(), list(paths)
    short = [str(p.relative_to(here) if p.is_relative_to(here) else p) for p in all_paths[:5]]
    more = [f"{len(all_paths) - 5} more"] * (len(all_paths) > 5)
    verb = "was" if len(all_paths) == 1 else "were"
    return f"{', '.join([*short, *more])} {verb}"

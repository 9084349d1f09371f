"""What every launcher does before it starts the first job."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig

from sr_experiments.errors import ConfigError
from sr_experiments.sweeps.argv import record_overrides
from sr_experiments.sweeps.command import foreign_rank
from sr_experiments.sweeps.job import Job, compose
from sr_experiments.sweeps.lock import FolderLock
from sr_experiments.sweeps.prior import settle
from sr_experiments.sweeps.settings import Settings, read_settings


@dataclass
class Prepared:
    """Jobs whose states tell what is left to do, and the descriptor of the folder's lock."""

    jobs: list[Job]
    settings: Settings
    lock: int


@contextmanager
def prepared(
    loader: ConfigLoader,
    master: DictConfig,
    job_overrides: Sequence[Sequence[str]],
    first: int,
    folder: Path,
) -> Iterator[Prepared]:
    """Locks the folder, composes every job and looks at what earlier sweeps have left of it.

    Raises:
        ConfigError: the settings are wrong, the folder is in use or holds runs of another
            configuration, or this process is one of several that were started alike.
    """
    rank = foreign_rank(os.environ)
    if rank:
        raise ConfigError(
            f"{rank}={os.environ[rank]}: this process is one of several ranks, and each would run "
            "the whole sweep; start `-m` once, and give device.devices=N for N processes per job"
        )
    settings = read_settings(master.sweep)
    lock = FolderLock(folder)
    try:
        jobs = [compose(loader, master, o, first + i) for i, o in enumerate(job_overrides)]
        for job in jobs:
            settle(job)
        hydra = master.hydra.overrides
        record_overrides(folder, [*hydra.task, *hydra.hydra])
        yield Prepared(jobs, settings, lock.descriptor)
    finally:
        lock.release()

"""What every launcher does around its jobs: lock, compose, look at earlier sweeps, report."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import setup_globals
from omegaconf import DictConfig

from sr_experiments.errors import ConfigError
from sr_experiments.files import remove_leftovers
from sr_experiments.runs.checkpoints import check_composed, check_same, resume_point
from sr_experiments.runs.command import command_overrides, foreign_rank
from sr_experiments.runs.frozen import freeze, frozen_file
from sr_experiments.runs.lock import SweepLock
from sr_experiments.runs.status import read_status
from sr_experiments.signals import leaving_on_interrupt
from sr_experiments.sweeps.child import terminate_as_interrupt
from sr_experiments.sweeps.command import record_overrides
from sr_experiments.sweeps.composed import ComposedJobs
from sr_experiments.sweeps.job import Check, Job, compose
from sr_experiments.sweeps.monitor import SweepMonitor
from sr_experiments.sweeps.settings import Settings, check_metric, read_settings


@dataclass
class Sweep:
    """A sweep, whose jobs come in one batch or, from a search, in several.

    Attributes:
        loader: composes configurations.
        master: the configuration of the command.
        check: what the command finds wrong with a job's configuration.
        table_each_batch: whether the table is printed after each batch.
        jobs: all jobs so far.
        monitor: shows all of them.
    """

    loader: ConfigLoader
    master: DictConfig
    check: Check | None = None
    table_each_batch: bool = True
    jobs: list[Job] = field(default_factory=list)
    monitor: SweepMonitor | None = None

    def preview(self, overrides: Sequence[Sequence[str]], first: int) -> "Batch":
        """The jobs as they stand, with nothing locked, moved or written.

        Raises:
            ConfigError: the settings or a job's configuration are wrong.
        """
        setup_globals()
        settings = read_settings(self.master.sweep)
        folder = Path(str(self.master.hydra.sweep.dir)).absolute()
        jobs = self._jobs(overrides, first, settings, ComposedJobs(folder, self.master))
        for job in jobs:
            if read_status(job.folder).get("state") == "finished":
                job.state = "finished"
        return Batch(jobs, settings, SweepMonitor(jobs, folder, settings), folder, lock=-1)

    def _jobs(
        self,
        overrides: Sequence[Sequence[str]],
        first: int,
        settings: Settings,
        known: ComposedJobs,
    ) -> list[Job]:
        """The jobs, each of which has finished or could start."""
        with leaving_on_interrupt():
            jobs = [
                known.finished(number, own)
                or compose(self.loader, self.master, own, number, self.check)
                for number, own in enumerate(overrides, first)
            ]
        for job in jobs:
            check_metric(settings.metric, job)
        return jobs

    @contextmanager
    def batch(self, overrides: Sequence[Sequence[str]], first: int) -> Iterator["Batch"]:
        """Composes the jobs, locks the folder and looks at what earlier sweeps have left of them.

        A folder in which nothing was started is removed, unless it was there before.

        Raises:
            ConfigError: the settings or a job's configuration are wrong, the folder is in use or
                holds runs of another configuration, or this process is one of several that were
                started alike.
        """
        setup_globals()
        rank = foreign_rank(os.environ)
        if rank:
            raise ConfigError(
                f"{rank}={os.environ[rank]}: this process is one of several ranks, and each would "
                "run the whole sweep; start `-m` once, and give device.devices=N for N processes"
            )
        settings = read_settings(self.master.sweep)
        if settings.estimate:
            raise ConfigError(
                "sweep.estimate: measures jobs of this machine; not with hydra/launcher=slurm"
            )
        folder = Path(str(self.master.hydra.sweep.dir)).absolute()
        known = ComposedJobs(folder, self.master)
        jobs = self._jobs(overrides, first, settings, known)
        is_new = not folder.exists()
        lock = SweepLock(folder)
        remove_leftovers(folder)
        try:
            for job in (job for job in jobs if job.composed):
                check_same(job.folder, job.config)
                check_composed(frozen_file(folder, job.number), job.composed)
            for job in jobs:  # after all checks, as this may move checkpoints aside
                job.take_over(resume_point(job.folder))
            record_overrides(
                folder,
                [
                    *command_overrides(self.master.hydra, "task"),
                    *command_overrides(self.master.hydra, "hydra"),
                ],
            )
            for job in jobs:
                if job.state == "waiting":
                    job.surroundings = freeze(folder, job.number, job.composed)
            known.keep(jobs)
            self.jobs += jobs
            self.monitor = SweepMonitor(self.jobs, folder, settings)
            with terminate_as_interrupt():
                yield Batch(jobs, settings, self.monitor, folder, lock.descriptor)
        except BaseException:
            if is_new and not any(job.attempts for job in jobs):
                shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            lock.release()


@dataclass
class Batch:
    """Jobs to run now; those whose state is not "waiting" are done."""

    jobs: list[Job]
    settings: Settings
    monitor: SweepMonitor
    folder: Path
    lock: int

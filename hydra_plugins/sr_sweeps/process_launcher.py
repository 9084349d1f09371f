"""``hydra/launcher=process``: every job of ``-m`` is a fresh process."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class ProcessLauncher(Launcher):
    """Runs jobs side by side on the GPUs or cores of this machine.

    One process group per job is the cure for what goes wrong when a process trains several
    networks in turn: ranks that replay the sweep, or stay behind in an earlier job.
    """

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        # Imported here and below, since Hydra looks into every plugin at every start.
        from sr_experiments.sweeps.sweep import Sweep

        check = getattr(task_function, "check", None)
        self.sweep = Sweep(hydra_context.config_loader, config, check)
        self.prune: Callable[[Any], str | None] | None = None  # set by a search

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """The jobs' metrics, or in their place the reasons why there are none.

        Raises:
            ConfigError: the settings are wrong, or the folder holds another sweep.
            KeyboardInterrupt: it was interrupted; the jobs were stopped.
        """
        from sr_experiments.sweeps.local import LocalRunner
        from sr_experiments.sweeps.settings import read_settings

        if read_settings(self.sweep.master.sweep).estimate:
            preview = self.sweep.preview(job_overrides, initial_job_idx)
            LocalRunner(preview, self.sweep.master).plan()
            results = [JobReturn(status=JobStatus.COMPLETED) for _ in preview.jobs]
            for result in results:
                result.return_value = math.nan
            return results
        with self.sweep.batch(job_overrides, initial_job_idx) as batch:
            runner = LocalRunner(batch, self.sweep.master, self.prune)
            runner.plan()
            with batch.monitor.displayed(table=self.sweep.table_each_batch):
                runner.run()
        return [job.result(batch.settings.metric) for job in batch.jobs]

"""``hydra/launcher=process``: every job of ``-m`` is a fresh process."""

from collections.abc import Sequence

from hydra.core.utils import JobReturn
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
        from sr_experiments.sweeps.prepare import Sweep

        self.sweep = Sweep(hydra_context.config_loader, config)

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """The jobs' metrics, or in their place the reasons why there are none.

        Raises:
            ConfigError: the settings are wrong, or the folder holds another sweep.
            KeyboardInterrupt: it was interrupted; the jobs were stopped.
        """
        from sr_experiments.sweeps.runner import Runner

        with self.sweep.batch(job_overrides, initial_job_idx) as batch:
            runner = Runner(batch, self.sweep.master)
            with batch.board.shown(table=self.sweep.table_each_batch):
                runner.run()
        return [job.result(batch.settings.metric) for job in batch.jobs]

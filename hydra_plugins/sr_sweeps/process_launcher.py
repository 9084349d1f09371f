"""``hydra/launcher=process``: every job of ``-m`` is a fresh process."""

from collections.abc import Sequence
from pathlib import Path

from hydra.core.utils import JobReturn, setup_globals
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
        self.hydra_context = hydra_context
        self.config = config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """The jobs' metrics, or in their place the reasons why there are none.

        Raises:
            ConfigError: the settings are wrong, or the folder holds another sweep.
            KeyboardInterrupt: it was interrupted; the jobs were stopped.
        """
        # Imported here, since Hydra looks into every plugin at every start.
        from sr_experiments.sweeps.board import Board
        from sr_experiments.sweeps.prepare import prepared
        from sr_experiments.sweeps.runner import Runner

        setup_globals()
        loader = self.hydra_context.config_loader
        folder = Path(self.config.hydra.sweep.dir).absolute()
        with prepared(loader, self.config, job_overrides, initial_job_idx, folder) as sweep:
            board = Board(sweep.jobs, folder, sweep.settings)
            runner = Runner(sweep.jobs, self.config, sweep.settings, board, sweep.lock)
            board.begin()
            try:
                runner.run()
            finally:
                board.end()
        return [job.result(sweep.settings.metric) for job in sweep.jobs]

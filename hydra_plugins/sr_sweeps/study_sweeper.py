"""``hydra/sweeper=study``: the jobs that a study in ``conf/study`` consists of."""

from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class StudySweeper(Sweeper):
    """Runs each variant of a study with each seed; a study's file chooses this sweeper."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.config: Any = config
        self.hydra_context: Any = hydra_context
        self.launcher: Any = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> list[float]:
        """The jobs' metrics; what is typed wins over the study, and may be a sweep itself.

        Raises:
            ConfigError: there is no study, or it is not one.
            JobError: a job has no result; the others have run to their ends.
        """
        from hydra.core.override_parser.overrides_parser import OverridesParser

        from sr_experiments.studies.study import study_jobs
        from sr_experiments.sweeps.grid import combinations

        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        typed = combinations(parser.parse_overrides(arguments), self.config.sweep)
        results = self.launcher.launch(study_jobs(self.config, typed), initial_job_idx=0)
        return [result.return_value for result in results]

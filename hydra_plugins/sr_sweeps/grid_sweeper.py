"""``-m key=a,b``: the product of all values."""

from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser


class GridSweeper(BasicSweeper):
    """Hydra's own, but that it writes nothing: the launcher does, once all jobs are checked."""

    def sweep(self, arguments: list[str]) -> list[Any]:
        """The jobs' metrics.

        Raises:
            JobError: a job has no result; the others of its batch have run to their ends.
            ConfigError: values that are to be paired are not as many.
        """
        assert self.hydra_context is not None
        assert self.launcher is not None
        assert self.config is not None
        from sr_experiments.sweeps.grid import combinations

        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        overrides = parser.parse_overrides([*self._parse_config(), *arguments])
        jobs = combinations(overrides, self.config.sweep)
        size = self.max_batch_size or len(jobs)
        values: list[Any] = []
        for batch in (jobs[first : first + size] for first in range(0, len(jobs), size)):
            results = self.launcher.launch(batch, initial_job_idx=len(values))
            values += [result.return_value for result in results]
        return values

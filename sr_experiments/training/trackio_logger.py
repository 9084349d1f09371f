"""Lightning's interface to Trackio."""

from collections.abc import Mapping
from typing import Any

from pytorch_lightning.loggers import Logger
from pytorch_lightning.utilities import rank_zero_only


class TrackioLogger(Logger):
    """Logs a run to Trackio by the names of ``metrics.csv``; the first process alone.

    A run begins with its first metrics, so that its configuration, which Trackio takes at the
    beginning, is there.

    Args:
        project: what runs are shown together.
        name: of the run.
        group: of runs within the project.
    """

    def __init__(self, project: str, name: str | None = None, group: str | None = None) -> None:
        super().__init__()
        self.project = project
        self.group = group
        self._name = name
        self._config: dict[str, Any] = {}
        self._run: Any = None

    @property
    def name(self) -> str:
        """The project."""
        return self.project

    @property
    def version(self) -> str | None:
        """The run."""
        return self._name

    @rank_zero_only
    def log_hyperparams(self, params: Any, *_: Any, **__: Any) -> None:
        """Keeps the configuration until the run begins."""
        self._config |= params

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Logs a row; metrics are called as in ``metrics.csv``."""
        if self._run is None:
            import trackio

            self._run = trackio.init(self.project, self._name, self.group, config=self._config)
        self._run.log(dict(metrics), step=step)

    @rank_zero_only
    def finish(self) -> None:
        """Ends the run, which ``finalize`` does not: Lightning calls that before the tests."""
        if self._run is not None:
            self._run.finish()
            self._run = None

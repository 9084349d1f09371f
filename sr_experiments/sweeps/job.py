"""One job of a sweep: its configuration, its folder and how it stands."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from sr_experiments.runs.checkpoints import ResumePoint
from sr_experiments.runs.status import State, error_of, read_status

#: What a command finds wrong with its configuration before it does anything.
Check = Callable[[DictConfig], object]


class JobError(Exception):
    """What a sweeper gets in place of a job's value."""


class JobResult(JobReturn):
    """Hydra's, which for a job without a value raises the reason without a line of its own."""

    @property
    def return_value(self) -> Any:
        """The job's metric."""
        if self.status == JobStatus.FAILED:
            raise self._return_value
        return self._return_value

    @return_value.setter
    def return_value(self, value: Any) -> None:
        self._return_value = value


@dataclass
class Job:
    """A job.

    Attributes:
        number: its place in the sweep.
        overrides: in Hydra's grammar.
        folder: its run folder.
        config: resolved.
        state: how it stands.
        error: why it did not finish.
        seconds: in all attempts.
        attempts: in this sweep.
        checkpoint: where it goes on.
        metrics: of its status.
        composed: the configuration as YAML with its interpolations, which its process is given.
        surroundings: the variables by which its process finds that.
    """

    number: int
    overrides: list[str]
    folder: Path
    config: dict[str, Any]
    state: State = "waiting"
    error: str = ""
    seconds: float = 0.0
    attempts: int = 0
    checkpoint: Path | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    composed: str = ""
    surroundings: dict[str, str] = field(default_factory=dict)

    def end(self, state: State, error: str) -> None:
        """Ends as its process did, unless the run has recorded that it finished.

        A signal may reach a process whose work is done, on its last steps.
        """
        recorded = read_status(self.folder)
        self.metrics = dict(recorded.get("metrics") or {})
        finished = recorded.get("state") == "finished"
        self.state, self.error = ("finished", "") if finished else (state, error)

    def take_over(self, before: ResumePoint) -> None:
        """Counts as finished, or goes on from where an earlier attempt came."""
        if before.finished:
            self.state, self.seconds, self.metrics = "finished", before.seconds, before.metrics
        recorded = read_status(self.folder)
        if recorded.get("state") == "pruned":  # its search has decided
            self.state, self.error = "pruned", error_of(recorded)[1]
            self.metrics = dict(recorded.get("metrics") or {})
        self.checkpoint = before.checkpoint

    def result(self, metric: str) -> JobReturn:
        """What Hydra's sweepers expect."""
        result = JobResult(overrides=self.overrides, working_dir=str(self.folder))
        if self.state == "finished" and metric in self.metrics:
            result.return_value, result.status = self.metrics[metric], JobStatus.COMPLETED
        else:
            reason = self.error or f"there is no {metric} among its metrics"
            result.return_value = JobError(f"job {self.number}: {reason}")
            result.status = JobStatus.FAILED
        return result


def compose(
    loader: ConfigLoader,
    master: DictConfig,
    overrides: Sequence[str],
    number: int,
    check: Check | None = None,
) -> Job:
    """The job that Hydra would run for these overrides.

    Args:
        loader: composes configurations.
        master: the sweep's configuration.
        overrides: the job's.
        number: the job's.
        check: looks at the job's configuration as its command will.

    Raises:
        ConfigError: ``check`` finds a mistake.
    """
    config = loader.load_sweep_config(master, list(overrides))
    hydra = HydraConfig.instance()
    outer = hydra.cfg
    try:
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        hydra.set_config(config)
        folder = Path(str(config.hydra.sweep.dir), str(config.hydra.sweep.subdir)).absolute()
        with read_write(config.hydra.runtime), open_dict(config.hydra.runtime):
            config.hydra.runtime.output_dir = str(folder)
        hydra.set_config(config)
        task = deepcopy(config)
        with read_write(task), open_dict(task):
            del task["hydra"]
        if check:
            check(task)
        content = OmegaConf.to_container(task, resolve=True)
    finally:
        hydra.cfg = outer
    assert isinstance(content, dict)
    plain = {str(k): v for k, v in content.items()}
    return Job(number, list(overrides), folder, plain, composed=OmegaConf.to_yaml(task))

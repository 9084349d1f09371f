"""Ends trials of a search that fall behind, by what they have measured so far."""

import time
from collections.abc import Sequence

import optuna
from optuna.pruners import BasePruner, MedianPruner, NopPruner, SuccessiveHalvingPruner

from sr_experiments.errors import ConfigError
from sr_experiments.runs.metrics_file import read_metrics
from sr_experiments.runs.run_files import METRICS
from sr_experiments.sweeps.job import Job

_SECONDS_BETWEEN_LOOKS = 1.0


def make_pruner(kind: str | None, grace: int) -> BasePruner:
    """Optuna's pruner of this name.

    Args:
        kind: "median": a trial ends that is worse than the median of earlier ones at the same
            measurement (after five trials); "asha": of the trials that reach ``grace`` times 1, 3,
            9, ... measurements the best third goes on (Li et al., MLSys 2020). None: no trial ends.
        grace: the measurement at which a trial may end at the earliest.

    Raises:
        ConfigError: there is no such pruner, or grace is less than 1.
    """
    if grace < 1:
        raise ConfigError(f"hydra.sweeper.grace: must be at least 1, got {grace}")
    if kind is None:
        return NopPruner()
    if kind == "median":
        return MedianPruner(n_warmup_steps=grace)
    if kind == "asha":
        return SuccessiveHalvingPruner(min_resource=grace, reduction_factor=3)
    raise ConfigError(f"hydra.sweeper.pruner: must be median, asha or null, got {kind}")


class PruneWatch:
    """Reports the measurements of running trials to Optuna, and says which shall end.

    Args:
        trials: those that run; a trial's number is its job's.
        metric: the curve in ``metrics.csv``.
    """

    def __init__(self, trials: Sequence[optuna.trial.Trial], metric: str) -> None:
        self.trials = {trial.number: trial for trial in trials}
        self.metric = metric
        self.reported = {
            number: set(trial.storage.get_trial(trial._trial_id).intermediate_values)
            for number, trial in self.trials.items()
        }
        self.looked: dict[int, float] = {}

    def __call__(self, job: Job) -> str | None:
        """Why a job shall end; None where it goes on."""
        now = time.monotonic()
        if now < self.looked.get(job.number, 0.0) + _SECONDS_BETWEEN_LOOKS:
            return None
        self.looked[job.number] = now
        try:
            curve = read_metrics(job.folder / METRICS).curves.get(self.metric)
        except (OSError, ValueError):  # it is being written
            return None
        trial = self.trials[job.number]
        values = [] if curve is None else [float(value) for value in curve.value]
        for count, value in enumerate(values, start=1):
            if count in self.reported[job.number]:
                continue
            self.reported[job.number].add(count)
            trial.report(value, count)
            if trial.should_prune():
                return f"pruned at measurement {count}, with {self.metric} {value:.4g}"
        return None

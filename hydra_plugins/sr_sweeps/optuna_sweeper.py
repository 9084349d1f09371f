"""``hparams_search=vdsr_optuna``: hyper-parameters proposed by Optuna, trial by trial."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    import optuna


class OptunaSweeper(Sweeper):
    """Asks a persistent study for trials and tells it their results.

    Trial N is job N in folder N. Started again on the same folder, trials that have finished are
    kept, those that were cut off continue, and further ones follow until there are ``trials``.

    Args:
        trials: trials in all.
        at_once: trials proposed before the results of the previous ones are known.
        storage: URL of the study's database.
        seed: seed of the sampler (TPE; Bergstra et al., NIPS 2011).
        params: search space: keys and Hydra's choice, range or interval.
        pruner: "median" or "asha" ends trials that fall behind; None: all run to their ends.
        grace: the measurement at which a trial may be ended at the earliest.
    """

    def __init__(
        self,
        trials: int,
        at_once: int,
        storage: str,
        seed: int,
        params: Mapping[str, str],
        pruner: str | None = None,
        grace: int = 1,
    ) -> None:
        self.pruner = pruner
        self.grace = grace
        self.trials = trials
        self.at_once = at_once
        self.storage = storage
        self.seed = seed
        self.params = dict(params)

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.config: Any = config
        self.hydra_context: Any = hydra_context
        self.launcher: Any = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> float:
        """The best value.

        Raises:
            JobError: no trial has finished.
            ConfigError: Optuna is missing, or the search space is empty or wrong.
        """
        from sr_experiments.errors import ConfigError
        from sr_experiments.sweeps.job import JobError

        if not hasattr(self.launcher, "sweep"):
            raise ConfigError("hydra/launcher: a search needs hydra/launcher=process or slurm")
        if self.config.sweep.get("zip"):
            raise ConfigError("sweep.zip: pairs the values of a grid; a search proposes its own")
        if self.config.sweep.get("estimate"):
            raise ConfigError("sweep.estimate: a search does not know its jobs beforehand")
        if self.pruner and not hasattr(self.launcher, "prune"):
            raise ConfigError("hydra.sweeper.pruner: needs hydra/launcher=process")
        try:
            from sr_experiments.sweeps import search
        except ImportError:
            raise ConfigError(
                "hydra/sweeper=optuna: Optuna is not installed; pip install 'sr-experiments[hpo]'"
            ) from None
        space = [f"{key}={value}" for key, value in self.params.items()]
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        # What is typed replaces what the file says.
        self.launcher.sweep.table_each_batch = False
        parsed = {o.get_key_element(): o for o in parser.parse_overrides([*space, *arguments])}
        self.fixed, self.space = search.split(list(parsed.values()))
        if not self.space:
            raise ConfigError(
                "hydra.sweeper.params: nothing to search; e.g. optim.lr=choice(0.1,1)"
            )
        # Before anything is written, a job with values from the space is looked at.
        self.launcher.sweep.preview(
            [[*self.fixed, *search.assigned(search.example(self.space))]], 0
        )
        study = self._study()
        self._finish_old(study)
        while (known := len(study.get_trials(deepcopy=False))) < self.trials:
            count = min(self.at_once, self.trials - known)
            self._run(study, [study.ask(self.space) for _ in range(count)])
        self.launcher.sweep.monitor.print_table()
        if not any(t.value is not None for t in study.get_trials(deepcopy=False)):
            raise JobError(f"none of {self.trials} trials has a {self.config.sweep.metric}")
        return float(study.best_value)

    def _study(self) -> "optuna.Study":
        from pathlib import Path

        import optuna

        from sr_experiments.sweeps.pruning import make_pruner

        pruner = make_pruner(self.pruner, self.grace)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        Path(str(self.config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        study = optuna.create_study(
            study_name="sweep",
            storage=self.storage,
            pruner=pruner,
            load_if_exists=True,
            direction="maximize" if self.config.sweep.mode == "max" else "minimize",
        )
        # Another seed for each start, or the first proposals would come again.
        study.sampler = optuna.samplers.TPESampler(seed=self.seed + len(study.trials))
        return study

    def _finish_old(self, study: "optuna.Study") -> None:
        """Continues trials that were cut off, and brings the finished ones into the table."""
        import optuna

        group: list[optuna.trial.BaseTrial] = []
        for frozen in study.get_trials(deepcopy=False):
            if frozen.state == optuna.trial.TrialState.FAIL:  # it failed by its own parameters
                self._run(study, group)
                group = []
            else:
                group.append(frozen)
        self._run(study, group)

    def _run(self, study: "optuna.Study", trials: "Sequence[optuna.trial.BaseTrial]") -> None:
        """Launches trials with consecutive numbers."""
        from hydra.core.utils import JobStatus
        from optuna.trial import TrialState

        from sr_experiments.sweeps.search import assigned

        if not trials:
            return
        if self.pruner:
            self.launcher.prune = self._watch(study, trials)
        overrides = [[*self.fixed, *assigned(trial.params)] for trial in trials]
        results = self.launcher.launch(overrides, initial_job_idx=trials[0].number)
        states = {job.number: job.state for job in self.launcher.sweep.jobs}
        for trial, result in zip(trials, results, strict=True):
            if result.status == JobStatus.COMPLETED:
                study.tell(trial.number, result.return_value, skip_if_finished=True)
            else:
                pruned = states.get(trial.number) == "pruned"
                state = TrialState.PRUNED if pruned else TrialState.FAIL
                study.tell(trial.number, state=state, skip_if_finished=True)

    def _watch(self, study: "optuna.Study", trials: "Sequence[optuna.trial.BaseTrial]") -> Any:
        """What ends those of the trials that run and fall behind."""
        from optuna.trial import Trial

        from sr_experiments.sweeps.pruning import PruneWatch

        known = {trial.number: trial._trial_id for trial in study.get_trials(deepcopy=False)}
        asked = [Trial(study, known[trial.number]) for trial in trials]
        return PruneWatch(asked, str(self.config.sweep.metric))

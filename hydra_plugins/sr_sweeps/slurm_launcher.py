"""``hydra/launcher=slurm``: every job of ``-m`` is a job of SLURM, through submitit."""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher

if TYPE_CHECKING:
    from sr_experiments.sweeps.job import Job

# Hydra imports every plugin; this one exists where its engine is installed.
if find_spec("hydra_plugins.hydra_submitit_launcher"):
    from hydra_plugins.hydra_submitit_launcher.submitit_launcher import BaseSubmititLauncher

    class ClusterLauncher(BaseSubmititLauncher):
        """What submitit's launcher does, plus resumption, one table, and jobs that may fail.

        Nodes and tasks follow each job's ``device``; a job that the cluster requeues continues
        from its last checkpoint, since the run looks into its own folder.
        """

        _EXECUTOR = "slurm"

        def setup(self, *, hydra_context: Any, task_function: Any, config: Any) -> None:
            from sr_experiments.sweeps.sweep import Sweep

            super().setup(hydra_context=hydra_context, task_function=task_function, config=config)
            check = getattr(task_function, "check", None)
            self.sweep = Sweep(hydra_context.config_loader, config, check)

        def __getstate__(self) -> dict[str, Any]:
            """Without the sweep, which a job does not need."""
            return {key: value for key, value in self.__dict__.items() if key != "sweep"}

        def __call__(
            self,
            sweep_overrides: list[str],
            job_dir_key: str,
            job_num: int,
            job_id: str,
            singleton_state: dict[type, Any],
        ) -> JobReturn:
            """Runs a job on its node, by the configuration that the sweep composed for it."""
            os.environ.update(self.surroundings[job_num])
            of_job = (sweep_overrides, job_dir_key, job_num, job_id, singleton_state)
            result: JobReturn = super().__call__(*of_job)
            return result

        def launch(
            self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
        ) -> Sequence[JobReturn]:
            """The jobs' metrics, or in their place the reasons why there are none."""
            import submitit

            from sr_experiments.sweeps.slurm import SlurmRunner, asks_for_no_gpu

            params = dict(self.params)
            poll_seconds = params.pop("poll_seconds")
            folder = params["submitit_folder"]
            with self.sweep.batch(job_overrides, initial_job_idx) as batch:
                self.surroundings = {job.number: job.surroundings for job in batch.jobs}
                if asks_for_no_gpu(batch.jobs, params):
                    print("device=auto asks SLURM for no GPU; give device=gpu to ask for one")
                cluster = SlurmRunner(
                    batch,
                    lambda jobs: self._submit(params, jobs),
                    lambda job_id: submitit.SlurmJob(folder=folder, job_id=job_id),
                    poll_seconds,
                )
                with batch.monitor.displayed(table=self.sweep.table_each_batch):
                    cluster.run()
            return [job.result(batch.settings.metric) for job in batch.jobs]

        def _submit(self, params: dict[str, Any], jobs: "Sequence[Job]") -> list[Any]:
            """One array per kind of device."""
            handles: dict[int, Any] = {}
            shapes = [_shape(job) for job in jobs]
            for shape in dict.fromkeys(shapes):
                group = [job for job, own in zip(jobs, shapes, strict=True) if own == shape]
                executor = _executor(params, dict(shape))
                arguments = [self._arguments(job) for job in group]
                submitted = executor.map_array(self, *zip(*arguments, strict=True))
                handles |= {j.number: h for j, h in zip(group, submitted, strict=True)}
            return [handles[job.number] for job in jobs]

        @staticmethod
        def _arguments(job: "Job") -> tuple[Any, ...]:
            from hydra.core.singleton import Singleton

            state = Singleton.get_state()
            return (job.overrides, "hydra.sweep.dir", job.number, str(job.number), state)

else:

    class ClusterLauncher(Launcher):  # type: ignore[no-redef]
        """Says what is missing."""

        def __init__(self, **params: Any) -> None:
            pass

        def setup(self, **context: Any) -> None:
            from sr_experiments.errors import ConfigError

            raise ConfigError(
                "hydra/launcher=slurm: submitit is not installed; "
                "pip install 'sr-experiments[slurm]'"
            )

        def launch(
            self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
        ) -> Sequence[JobReturn]:
            raise NotImplementedError


def _shape(job: "Job") -> tuple[tuple[str, int], ...]:
    """Nodes, tasks and GPUs of a job."""
    from sr_experiments.errors import ConfigError

    device = job.config["device"]
    devices = device["devices"]
    if isinstance(devices, bool) or not isinstance(devices, int) or devices < 1:
        raise ConfigError(
            f"device.devices={devices}: on a cluster, give how many devices each node provides"
        )
    shape = [("nodes", int(device.get("num_nodes", 1))), ("tasks_per_node", devices)]
    if device["accelerator"] in ("gpu", "cuda"):
        shape.append(("gpus_per_node", devices))
    return tuple(shape)


def _executor(params: dict[str, Any], shape: dict[str, int]) -> Any:
    from dataclasses import fields

    import submitit
    from hydra_plugins.hydra_submitit_launcher.config import BaseQueueConf

    rest = {**params, **shape}
    executor = submitit.AutoExecutor(
        folder=rest.pop("submitit_folder"),
        cluster="slurm",
        slurm_max_num_timeout=rest.pop("max_num_timeout"),
    )
    shared = {field.name for field in fields(BaseQueueConf)}
    executor.update_parameters(
        **{key if key in shared else f"slurm_{key}": value for key, value in rest.items()}
    )
    return executor

"""The command line and the environment of a job that runs in a process of its own."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from omegaconf import DictConfig, OmegaConf

from sr_experiments.sweeps.job import Job

#: Set for every job, to the process id of the sweep.
JOB_MARK = "SR_EXPERIMENTS_SWEEP"

# A rank, or a seed, of the surroundings must not become that of a job. Nor must the W&B service of
# another process: there the run of a killed job stays open, and cannot be continued.
_NOT_INHERITED = {
    "WANDB_SERVICE",
    "RANK",
    "LOCAL_RANK",
    "WORLD_SIZE",
    "LOCAL_WORLD_SIZE",
    "NODE_RANK",
    "GROUP_RANK",
    "GROUP_WORLD_SIZE",
    "MASTER_ADDR",
    "MASTER_PORT",
    "PL_GLOBAL_SEED",
    "PL_SEED_WORKERS",
    "SLURM_NTASKS",
    "SLURM_PROCID",
    "SLURM_LOCALID",
    "SLURM_NODEID",
}
_RANK_PREFIXES = ("ROLE_", "TORCHELASTIC_", "PET_")

# Settings of the sweep itself, which a single run does not have.
_SWEEP_ONLY = (
    "hydra.mode",
    "hydra.run.",
    "hydra.sweep",
    "hydra.launcher",
    "hydra/launcher",
    "hydra/sweeper",
    "hydra.job.num",
    "hydra.job.id",
)


def job_command(
    job: Job, master: DictConfig, processes: int, entry: Sequence[str] = ()
) -> list[str]:
    """The command that runs a job alone; several processes are started by torchrun.

    Args:
        job: the job.
        master: the sweep's configuration.
        processes: of the job.
        entry: what Python runs; by default what this process was started as.
    """
    command = [sys.executable]
    if processes > 1:
        command += ["-m", "torch.distributed.run", "--standalone"]
        command += [f"--nproc-per-node={processes}"]
    command += [*(entry or _entry()), *_flags(master.hydra)]
    command += [o for o in typed(master, "hydra") if not _is_sweep_only(o)]
    command += [*job.overrides, f"hydra.run.dir={quoted(job.folder)}", "hydra.mode=RUN"]
    command += [f"hydra.job.num={job.number}"]
    if job.checkpoint:
        command += [f"ckpt_path={quoted(job.checkpoint)}"]
    return command


def continuing_command(folder: Path, hydra: DictConfig) -> list[str]:
    """The command that continues a single run in its own folder, as one would type it.

    Args:
        folder: the run's.
        hydra: its ``hydra`` configuration.
    """
    entry, flags = _entry(), _flags(hydra)
    if len(entry) == 1:
        entry = [sys.argv[0]]
    if Path(entry[-1]).stem.rpartition(".")[2] == flags[1]:  # the name that it has anyway
        del flags[:2]
    own = ("ckpt_path=", "hydra.run.dir=", "hydra.mode=")
    given = [*_overrides(hydra, "hydra"), *_overrides(hydra, "task")]
    kept = [o for o in given if not o.lstrip("+").startswith(own)]
    python = [] if len(entry) == 1 and not entry[0].endswith(".py") else ["python"]
    place = [f"hydra.run.dir={quoted(folder)}", f"ckpt_path={quoted(folder)}"]
    return [*python, *entry, *flags, *kept, *place]


def job_environment(devices: Sequence[str], on_gpu: bool, threads: int) -> dict[str, str]:
    """The surroundings of a job: no ranks or services, only its GPUs, its share of the cores."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in _NOT_INHERITED and not name.startswith(_RANK_PREFIXES)
    }
    environment[JOB_MARK] = str(os.getpid())
    environment["PYTHONUNBUFFERED"] = "1"  # or the log of a killed job is empty
    environment.setdefault("OMP_NUM_THREADS", str(max(1, threads)))
    if on_gpu and devices:
        environment["CUDA_VISIBLE_DEVICES"] = ",".join(devices)
    return environment


def foreign_rank(environment: Mapping[str, str]) -> str | None:
    """The variable that makes this process one of several ranks, if it is not the first."""
    names = ("RANK", "LOCAL_RANK", "SLURM_PROCID")
    return next((n for n in names if environment.get(n, "0") not in ("0", "")), None)


def typed(master: DictConfig, kind: Literal["task", "hydra"]) -> list[str]:
    """The overrides of a command, as they were typed: interpolations stay what they are."""
    return _overrides(master.hydra, kind)


def _overrides(hydra: DictConfig, kind: Literal["task", "hydra"]) -> list[str]:
    overrides = OmegaConf.to_container(hydra.overrides[kind], resolve=False)
    assert isinstance(overrides, list)
    return overrides


def quoted(path: Path) -> str:
    """A path as a value in Hydra's grammar."""
    if re.fullmatch(r"/[\w./-]+", str(path), re.ASCII):
        return str(path)
    escaped = str(path).replace("'", "\\'")
    return f"'{escaped}'"


def _entry() -> list[str]:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if spec is not None:
        return ["-m", spec.name.removesuffix(".__main__")]
    return [str(Path(sys.argv[0]).absolute())]


def _flags(hydra: DictConfig) -> list[str]:
    flags = ["--config-name", str(hydra.job.config_name)]
    for source in hydra.runtime.config_sources:
        if source.provider == "command-line":
            flags += ["--config-dir", str(source.path)]
    return flags


def _is_sweep_only(override: str) -> bool:
    return override.lstrip("+~").startswith(_SWEEP_ONLY)

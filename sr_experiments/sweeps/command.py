"""The command lines of a sweep and of its jobs, and the environment of a job."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml
from omegaconf import DictConfig

from sr_experiments.errors import ConfigError
from sr_experiments.files import write_whole
from sr_experiments.runs.command import (
    JOB_MARK,
    command_overrides,
    config_flags,
    entry_point,
    parse_override,
    quote_path,
)
from sr_experiments.runs.frozen import CONFIG_FILE, CONFIG_HASH
from sr_experiments.runs.run_files import OVERRIDES, read_overrides
from sr_experiments.sweeps.job import Job

# A rank, or a seed, of the surroundings must not become that of a job. Nor must the W&B service of
# another process: there the run of a killed job stays open, and cannot be continued.
_NOT_INHERITED = {
    CONFIG_FILE,
    CONFIG_HASH,
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
_OPTION = re.compile(r"\+*sweep\.resume=(?P<folder>.+)")


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
    command += [*(entry or entry_point()), *config_flags(master.hydra)]
    command += [o for o in command_overrides(master.hydra, "hydra") if not _is_sweep_only(o)]
    command += [*job.overrides, f"hydra.run.dir={quote_path(job.folder)}", "hydra.mode=RUN"]
    command += [f"hydra.job.num={job.number}"]
    if job.checkpoint:
        command += [f"ckpt_path={quote_path(job.checkpoint)}"]
    return command


def job_environment(devices: Sequence[str], on_gpu: bool, threads: int) -> dict[str, str]:
    """The surroundings of a job: no ranks or services, only its GPUs, its share of the cores.

    Args:
        devices: those that it was given.
        on_gpu: whether they are GPUs.
        threads: processor threads for each of its processes.
    """
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


def _is_sweep_only(override: str) -> bool:
    return parse_override(override).key.startswith(_SWEEP_ONLY)


def record_overrides(folder: Path, overrides: Sequence[str]) -> None:
    """Keeps what was typed for a sweep; of several commands, the first counts."""
    path = folder / OVERRIDES
    if not path.exists():
        write_whole(path, yaml.safe_dump(list(overrides)))


def expand(arguments: Sequence[str]) -> list[str]:
    """Replaces ``sweep.resume=FOLDER`` by what that sweep was started with.

    Further overrides are kept and win.

    Raises:
        ConfigError: the folder holds no sweep.
    """
    found = next((m for a in reversed(arguments) if (m := _OPTION.fullmatch(a))), None)
    if found is None or found["folder"] in ("null", "None"):
        return list(arguments)
    folder = Path(found["folder"].strip("'\""))
    recorded = read_overrides(folder)
    if recorded is None:
        raise ConfigError(
            f"sweep.resume={folder}: there is no {OVERRIDES}, so this is not the folder of a "
            "sweep; give the folder that holds sweep.csv"
        )
    given = [a for a in arguments if not _OPTION.fullmatch(a)]
    typed = {parse_override(argument).key for argument in given} | {"hydra.sweep.dir"}
    kept = [override for override in recorded if parse_override(override).key not in typed]
    flags = [] if {"-m", "--multirun"} & set(given) else ["-m"]
    return [*flags, *given, *kept, f"hydra.sweep.dir={quote_path(folder)}"]

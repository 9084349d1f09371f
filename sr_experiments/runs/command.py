"""The command line of a run: its overrides, what it is among other processes, what to type next."""

import os
import re
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf


@dataclass(frozen=True)
class ParsedOverride:
    """An override.

    Attributes:
        key: without ``+`` and ``~``, as ``optim.lr`` or ``optim@teacher.optim``.
        value: as it was typed; empty where something is taken away.
    """

    key: str
    value: str

    @property
    def path(self) -> str:
        """Where it acts, with dots, as ``optim.lr``."""
        return self.key.partition("@")[0].replace("/", ".")


def parse_override(text: str) -> ParsedOverride:
    """Takes an override apart; one that Hydra cannot read is split at its first ``=``."""
    head, _, value = text.partition("=")
    override = _read(text)
    if override is None:
        return ParsedOverride(head.lstrip("+~"), value)
    key = override.key_or_group + (f"@{override.package}" if override.package else "")
    return ParsedOverride(key, "" if override.is_delete() else value)


def is_readable(text: str) -> bool:
    """Whether it is an override in Hydra's grammar."""
    return _read(text) is not None


@lru_cache(maxsize=4096)
def _read(text: str) -> Override | None:
    try:
        return OverridesParser.create().parse_override(text)
    except HydraException:
        return None


def override_keys(overrides: Iterable[str]) -> list[str]:
    """The keys of overrides, in their order."""
    return [parse_override(override).key for override in overrides]


def override_values(overrides: Iterable[str]) -> dict[str, str]:
    """Values as typed, by key; of several with the same key, the last counts."""
    return {each.key: each.value for each in map(parse_override, overrides)}


def quote_path(path: Path) -> str:
    """A path as a value in Hydra's grammar."""
    if re.fullmatch(r"/[\w./-]+", str(path), re.ASCII):
        return str(path)
    escaped = str(path).replace("'", "\\'")
    return f"'{escaped}'"


#: Set for every job that a sweep starts here, to the process id of the sweep.
JOB_MARK = "SR_EXPERIMENTS_SWEEP"
#: Variable that names the process that has started further ranks.
FIRST_RANK = "SR_EXPERIMENTS_FIRST_RANK"


def is_job() -> bool:
    """Whether it runs a job of a sweep, on this machine or on a cluster."""
    return JOB_MARK in os.environ or is_cluster_job()


def is_cluster_job() -> bool:
    """Whether a cluster has started it, which may do that again with the same command."""
    return HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN


def is_started_rank(arguments: Sequence[str]) -> bool:
    """Whether a command line is that of a further rank which Lightning has started."""
    return any(re.match("hydra.job.name=.*_ddp_process_", argument) for argument in arguments)


def foreign_rank(environment: Mapping[str, str]) -> str | None:
    """The variable that makes this process one of several ranks, if it is not the first."""
    names = ("RANK", "LOCAL_RANK", "SLURM_PROCID")
    return next((n for n in names if environment.get(n, "0") not in ("0", "")), None)


# Where a run lies and what it continues is its own; a further one has its own too.
_PLACE = ("run_dir", "ckpt_path", "hydra.run.dir", "hydra.sweep.dir", "hydra.mode")
# Offline W&B runs, as seen from a run folder or from the folder of a sweep.
_OFFLINE = ("wandb/offline-run-*", "*/wandb/offline-run-*")


def resume_command(folder: Path, hydra: DictConfig) -> str:
    """The command that continues a single run in its own folder, as one would type it.

    Args:
        folder: the run's.
        hydra: its ``hydra`` configuration.
    """
    entry, flags = entry_point(), config_flags(hydra)
    if len(entry) == 1:
        entry = [sys.argv[0]]
    if Path(entry[-1]).stem.rpartition(".")[2] == flags[1]:  # the name that it has anyway
        del flags[:2]
    given = without_location(
        [*command_overrides(hydra, "hydra"), *command_overrides(hydra, "task")]
    )
    python = [] if len(entry) == 1 and not entry[0].endswith(".py") else ["python"]
    place = [f"hydra.run.dir={quote_path(folder)}", f"ckpt_path={quote_path(folder)}"]
    return shlex.join([*python, *entry, *flags, *given, *place])


def without_location(overrides: Sequence[str]) -> list[str]:
    """Overrides without those that say where a run lies, or what it continues."""
    return [override for override in overrides if parse_override(override).key not in _PLACE]


def sync_command(folder: Path) -> str | None:
    """The command that uploads what W&B logged offline in a run folder, or in all of a sweep.

    None where nothing is offline.
    """
    for place in _OFFLINE:
        if any(folder.glob(place)):
            return f"wandb sync {shlex.quote(str(folder))}/{place}"
    return None


def entry_point() -> list[str]:
    """What Python was started with: a script, or ``-m`` and a module."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if spec is not None:
        return ["-m", spec.name.removesuffix(".__main__")]
    return [str(Path(sys.argv[0]).absolute())]


def config_flags(hydra: DictConfig) -> list[str]:
    """Hydra's flags, in whichever form they were typed."""
    flags = ["--config-name", str(hydra.job.config_name)]
    for source in hydra.runtime.config_sources:
        if source.provider == "command-line":
            flags += ["--config-dir", str(source.path)]
    return flags


def command_overrides(hydra: DictConfig, kind: Literal["task", "hydra"]) -> list[str]:
    """The overrides of a command, as they were typed: interpolations stay what they are."""
    overrides = OmegaConf.to_container(hydra.overrides[kind], resolve=False)
    assert isinstance(overrides, list)
    return overrides

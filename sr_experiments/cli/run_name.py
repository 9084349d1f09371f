"""How a run is called and with which others it is grouped, in tools that show many runs."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from sr_experiments.sweeps.command import JOB_MARK

# Where a run lies, what it writes and what it runs on do not tell it from others.
_SURROUNDINGS = {
    "ckpt_path",
    "data.root",
    "device",
    "hydra",
    "logger",
    "panels",
    "run_dir",
    "study",
    "sweep",
    "tags",
    "task_name",
}
_LONGEST = 128  # characters of a name in W&B


def run_name(config: DictConfig, overrides: Sequence[str]) -> str:
    """What was typed for a run, in brief: ``model=vdsr depth=4 lr=0.1``.

    A job of a study is called by its arm and its seed. Without overrides it is the task's name.
    """
    if "study" in config and config.study.get("arm"):
        return f"{config.study.arm} seed {config.seed}"
    typed = dict(o.lstrip("+~").partition("=")[::2] for o in overrides if not _is_noise(o))
    last = Counter(_last(key) for key in typed)
    parts = [
        f"{_last(key) if last[_last(key)] == 1 else key}={value}" if value else key
        for key, value in typed.items()
    ]
    name = " ".join(parts) or str(config.task_name)
    half = _LONGEST // 2
    # Jobs of a sweep often differ in their last overrides alone.
    return name if len(name) <= _LONGEST else f"{name[: half - 1]}…{name[-half:]}"


def run_group(config: DictConfig) -> str | None:
    """The study that a run belongs to and the folder of its sweep; None where it has neither.

    A trial of a study and the real thing are two sweeps, and do not share a line.
    """
    sweep = None
    if HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN:
        sweep = Path(HydraConfig.get().sweep.dir).name
    elif JOB_MARK in os.environ:
        sweep = Path(config.run_dir).absolute().parent.name
    study = str(config.study.name) if "study" in config else None
    return study_group(study, sweep) if study and sweep else study or sweep


def study_group(study: str, sweep: str) -> str:
    """The group of a study's runs in one sweep."""
    return f"{study} {sweep}"


def _is_noise(override: str) -> bool:
    key = override.lstrip("+~").partition("=")[0]
    return key in _SURROUNDINGS or key.replace("/", ".").partition(".")[0] in _SURROUNDINGS


def _last(key: str) -> str:
    return key.rpartition(".")[2]

"""The files of a run folder that say what was run, where, and how it ended."""

import json
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

import torch
import yaml
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.errors import ConfigError, kind_of
from sr_experiments.files import remove_leftovers, write_whole
from sr_experiments.runs.checkpoints import CHECKPOINTS
from sr_experiments.runs.code import code_state
from sr_experiments.runs.lock import lock_run
from sr_experiments.runs.run_files import CONFIG, ENVIRONMENT, OVERRIDES
from sr_experiments.runs.status import STATUS, State, read_status, write_status

#: What stopped the process that failed first.
ERROR_LOG = "error.log"
_PACKAGES = (
    "sr-experiments",
    "torch",
    "torchvision",
    "pytorch-lightning",
    "torchmetrics",
    "hydra-core",
    "omegaconf",
    "numpy",
    "pillow",
)


class RunFolder:
    """Writes ``config.yaml``, ``overrides.yaml``, ``environment.json`` and ``status.json``.

    Of several processes one writes (``writes``): the first, or the one that fails before the
    others. Each file appears whole or not at all.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.started = time.time()
        self.writes = int(getattr(rank_zero_only, "rank", 0)) == 0

    def begin(
        self,
        config: Mapping[str, Any],
        overrides: Sequence[str],
        continued: bool = False,
        trains: bool = False,
        noted: Mapping[str, Any] | None = None,
    ) -> None:
        """Locks the folder; records the configuration, what was typed, and the surroundings.

        Args:
            config: resolved.
            overrides: as typed.
            continued: whether this run goes on with the one in the folder.
            trains: whether it is one that can be continued.
            noted: what else belongs to the surroundings, as what was chosen for this machine.

        Raises:
            ConfigError: another run works in the folder, or has left its results there.
        """
        self.lock = claim(self.path, continued, trains)  # held as long as this object lives
        if self.writes:
            remove_leftovers(self.path, self.path / CHECKPOINTS)
            (self.path / ERROR_LOG).unlink(missing_ok=True)
        self._write(CONFIG, yaml.safe_dump(dict(config), sort_keys=False))
        self._write(OVERRIDES, yaml.safe_dump(list(overrides)))
        surroundings = {**environment(config), **(noted or {})}
        self._write(ENVIRONMENT, json.dumps(surroundings, indent=2) + "\n")
        self.status("running")

    def status(
        self,
        state: State,
        metrics: Mapping[str, float] | None = None,
        error: BaseException | None = None,
    ) -> None:
        """Records the state with the newest metrics.

        A disk that is full is said: it must not hide how the run ended.

        Args:
            state: running, finished, failed or interrupted.
            metrics: the newest value of each.
            error: what ended the run.
        """
        if not self.writes:
            return
        try:
            write_status(self.path, state, time.time() - self.started, metrics or {}, error)
        except OSError as problem:
            if kind_of(problem) != "disk_full" or state == "running":
                raise
            print(f"warning: cannot write {self.path}/{STATUS}: {problem.strerror}", flush=True)

    def _write(self, name: str, text: str) -> None:
        if self.writes:
            write_whole(self.path / name, text)


@rank_zero_only
def claim(folder: Path, continued: bool, trains: bool) -> IO[str] | None:
    """Locks a run folder until the returned file is closed, at the latest with the process.

    Args:
        folder: the run folder; made if it does not exist.
        continued: whether this run goes on with the one in the folder.
        trains: whether it is one that can be continued.

    Raises:
        ConfigError: another run works there, or it holds results that this one would replace.
    """
    ways = "choose another folder with hydra.run.dir=..."
    if trains:
        ways = f"continue it with ckpt_path={folder} hydra.run.dir={folder}, or {ways}"
    file = lock_run(folder, f"{'when it has ended, ' * trains}{ways}")
    if not continued and (held := _results(folder)):
        raise ConfigError(f"{folder}: holds {held}; {ways}")
    return file


def _results(folder: Path) -> str:
    """What a new run would replace; empty where that is nothing."""
    state = read_status(folder).get("state")
    if state == "finished":
        return "a finished run"
    kept = any((folder / CHECKPOINTS).glob("*.ckpt"))
    return f"checkpoints of a run that is {state or 'not recorded'}" if kept else ""


def environment(config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Command, code, versions and hardware.

    Args:
        config: of a run, which may name code of one's own.
    """
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "command": sys.argv,
        **code_state(config),
        "python": platform.python_version(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "gpus": gpus,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None

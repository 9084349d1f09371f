"""The files of a run folder that say what was run, where, and how it ended."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
import yaml
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.cli.first_failure import ERROR_LOG
from sr_experiments.cli.run_lock import claim
from sr_experiments.errors import kind_of
from sr_experiments.files import remove_leftovers, write_whole
from sr_experiments.run_checkpoints import CHECKPOINTS

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
    ) -> None:
        """Locks the folder; records the configuration, what was typed, and the surroundings.

        Args:
            config: resolved.
            overrides: as typed.
            continued: whether this run goes on with the one in the folder.
            trains: whether it is one that can be continued.

        Raises:
            ConfigError: another run works in the folder, or has left its results there.
        """
        self.lock = claim(self.path, continued, trains)  # held as long as this object lives
        if self.writes:
            remove_leftovers(self.path, self.path / CHECKPOINTS)
            (self.path / ERROR_LOG).unlink(missing_ok=True)
        self._write("config.yaml", yaml.safe_dump(dict(config), sort_keys=False))
        self._write("overrides.yaml", yaml.safe_dump(list(overrides)))
        self._write_json("environment.json", environment())
        self.status("running")

    def status(
        self,
        state: str,
        metrics: Mapping[str, float] | None = None,
        error: BaseException | None = None,
    ) -> None:
        """Records the state (running, finished, failed or interrupted) with the newest metrics.

        A disk that is full is said: it must not hide how the run ended.
        """
        content = {
            "state": state,
            "kind": kind_of(error) if error else None,
            "schema": 1,
            "seconds": round(time.time() - self.started, 1),
            "metrics": dict(metrics or {}),
            "error": f"{type(error).__name__}: {error}" if error else None,
        }
        try:
            self._write_json("status.json", content)
        except OSError as problem:
            if kind_of(problem) != "disk_full" or state == "running":
                raise
            print(f"warning: cannot write {self.path}/status.json: {problem.strerror}", flush=True)

    def _write_json(self, name: str, content: Mapping[str, Any]) -> None:
        self._write(name, json.dumps(content, indent=2) + "\n")

    def _write(self, name: str, text: str) -> None:
        if self.writes:
            write_whole(self.path / name, text)


def environment() -> dict[str, Any]:
    """Command, git commit, versions and hardware."""
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "command": sys.argv,
        "git": _git("rev-parse", "HEAD"),
        "git_changes": bool(_git("status", "--porcelain", "--untracked-files=no")),
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


def _git(*arguments: str) -> str | None:
    """Output of git in this package's clone; None where it is not one."""
    here = Path(__file__).parent
    try:
        result = subprocess.run(
            ["git", *arguments], cwd=here, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None

"""A job of a sweep that takes a second: everything but the training is the real thing.

What it does stands in ``tags``: words like finish, fail, exit:3, die, hang, sleep:2, once-dies;
curve:5 measures five times;
then-sleep:2 is done by a finished one.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import yaml
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from sr_experiments.cli.app import run_app
from sr_experiments.cli.config.check import check_config
from sr_experiments.errors import DivergedError, TrainingError
from sr_experiments.files import write_whole
from sr_experiments.runs.code import code_state
from sr_experiments.sweeps import local


def job(config: DictConfig) -> float:
    folder = Path(config.run_dir)
    content = OmegaConf.to_container(config, resolve=True)
    write_whole(folder / "config.yaml", yaml.safe_dump(content))
    write_whole(folder / "overrides.yaml", yaml.safe_dump(list(HydraConfig.get().overrides.task)))
    write_whole(folder / "environment.json", json.dumps(code_state(content)))
    _status(folder, "running", {})
    with (folder / "starts").open("a") as file:
        file.write(f"{config.ckpt_path}\n")
    names = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "RANK", "WORLD_SIZE")
    environment = {name: os.environ.get(name) for name in names}
    (folder / "environment").write_text(json.dumps({**environment, "pid": os.getpid()}))
    starts = len((folder / "starts").read_text().splitlines())
    for word in config.tags:
        _behave(word, starts, folder)
    _status(folder, "finished", {"val/psnr": float(config.seed)})
    for word in config.tags:
        if word.startswith("then-"):
            _behave(word.removeprefix("then-"), starts, folder)
    return float(config.seed)


def finishes(folder: Path) -> int:
    """How often a job came to its end."""
    file = folder / "status.json"
    return json.loads(file.read_text()).get("finishes", 0) if file.exists() else 0


def _behave(word: str, starts: int, folder: Path) -> None:
    name, _, value = word.partition(":")
    if name == "sleep":
        time.sleep(float(value))
    elif name == "curve":  # so many measurements of the seed's value
        _measure(folder, int(value))
    elif name == "fail":
        raise TrainingError("it went wrong")
    elif name == "diverge":
        _status(folder, "failed", {}, "diverged")
        raise DivergedError("the loss is nan")
    elif name == "raise":
        raise RuntimeError("unexpected")
    elif name == "exit":
        sys.exit(int(value))
    elif name == "die" or (name == "once-dies" and starts == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    elif name == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("hanging", flush=True)
        time.sleep(1000)
    elif name == "memory":
        raise RuntimeError("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB")


def _measure(folder: Path, count: int) -> None:
    value = yaml.safe_load((folder / "config.yaml").read_text())["seed"]
    rows = ["epoch,step,val/psnr"]
    for step in range(count):
        rows.append(f"{step},{step},{value}")
        write_whole(folder / "metrics.csv", "\n".join([*rows, ""]))
        time.sleep(0.4)


def _status(folder: Path, state: str, metrics: dict[str, float], kind: str | None = None) -> None:
    error = {"kind": kind, "message": ""} if kind else None
    status = {"state": state, "seconds": 1.0, "metrics": metrics, "error": error}
    # In one file, so that no signal comes between the state and the count.
    status["finishes"] = finishes(folder) + (state == "finished")
    write_whole(folder / "status.json", json.dumps(status))


if __name__ == "__main__":
    local._SECONDS_TO_STOP = float(os.environ.get("SECONDS_TO_STOP", local._SECONDS_TO_STOP))
    run_app("train", job, check_config)

"""The fast path of a run: what ``device`` says, by rule where it says auto, or as measured here."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from hashlib import sha256
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import torch
from filelock import FileLock
from pytorch_lightning.utilities import rank_zero_only
from torch import nn
from torch.optim import Optimizer

from sr_experiments.cli.config.check import Config
from sr_experiments.cli.config.device import LIGHTNING_PRECISION
from sr_experiments.cli.config.instantiate import build
from sr_experiments.cli.devices import BatchPlan, torch_device
from sr_experiments.errors import ConfigError
from sr_experiments.files import write_whole
from sr_experiments.models import Network
from sr_experiments.sweeps.estimate import processor_has_bf16, processor_name
from sr_experiments.training.bare_step import BareStep, alternate
from sr_experiments.training.fast_path import FastPath, takes_fused

_ROUNDS, _WARMUP = 5, 2
_WORTHWHILE = 0.97  # of the time of what is simpler


def choose_path(config: Config, network: Network, plan: BatchPlan) -> FastPath:
    """How this run computes its training steps; says it where something was measured.

    Args:
        config: of the run.
        network: which is trained; it stays as it is.
        plan: the batches.
    """
    device = torch_device(config["device"])
    path = path_by_rule(config, device)
    if config["device"].get("tune"):
        path, about = _tuned(config, network, plan, device, path)
        _say(f"fast path: {path}; {about}")
    return path


def path_by_rule(config: Config, device: torch.device) -> FastPath:
    """What ``device`` says; auto is what rarely harms.

    Args:
        config: of the run.
        device: where it trains.
    """
    node, kind = config["device"], str((config.get("optim") or {}).get("kind"))
    precision = node.get("precision")
    if precision == "auto":
        precision = "bf16" if has_bf16(device) else "32"
    cuda = device.type == "cuda"
    lightning = LIGHTNING_PRECISION.get(str(precision), precision)
    # Gradients of fused optimizers are unscaled inside their step, after clipping.
    fused = takes_fused(kind) and str(lightning) not in ("16-mixed", "16")
    return FastPath(
        precision=lightning,
        tf32=precision == "tf32",
        channels_last=_auto(node, "channels_last", cuda and lightning != "32-true"),
        compile=_auto(node, "compile", False),
        fused=_auto(node, "fused", cuda) and fused,
    )


def has_bf16(device: torch.device) -> bool:
    """Whether a device has instructions for bfloat16."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and processor_has_bf16()


def _auto(node: Mapping[str, Any], key: str, rule: bool) -> bool:
    value = node.get(key)
    return rule if value == "auto" else bool(value)


def _tuned(
    config: Config, network: Network, plan: BatchPlan, device: torch.device, rule: FastPath
) -> tuple[FastPath, str]:
    """The fastest path that ``device`` leaves open, and how that is known."""
    shape = _input_shape(config, network, plan)
    subject = {
        "machine": _machine(device),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "model": config["model"],
        "optimizer": str((config.get("optim") or {}).get("kind")),
        "input": shape,
        "asked": {key: config["device"].get(key) for key in (*_OPEN, "fused")},
    }
    name = sha256(json.dumps(subject, sort_keys=True, default=str).encode()).hexdigest()[:16]
    file = Path(config["data"]["cache"]).expanduser() / "fast_paths" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{file}.lock"):  # of several processes one measures
        try:
            known = json.loads(file.read_text(encoding="utf-8"))
            return FastPath(**known["path"]), f"as measured before, {file}"
        except (OSError, ValueError, KeyError, TypeError):
            pass
        path, seconds = _measure(config, network, shape, device, rule)
        record = {"path": asdict(path), "seconds": seconds, **subject}
        write_whole(file, json.dumps(record, indent=2, default=str) + "\n")
    plain, best = seconds[str(_plain(config, rule))], seconds[str(path)]
    return path, f"a step takes {best:.3g} s, the plain one {plain:.3g} s; kept in {file}"


_OPEN = ("precision", "channels_last", "compile")


def _plain(config: Config, rule: FastPath) -> FastPath:
    """The rule's path with all that is open switched off."""
    node = config["device"]
    off: dict[str, Any] = {"precision": "32-true", "channels_last": False, "compile": False}
    return replace(rule, **{k: v for k, v in off.items() if node.get(k) == "auto"})


def _candidates(config: Config, rule: FastPath, device: torch.device) -> Iterator[FastPath]:
    """What can be chosen without compiling, the simplest first."""
    node = config["device"]
    low = node.get("precision") == "auto" and has_bf16(device)
    precisions = ["32-true", "bf16-mixed"] if low else [_plain(config, rule).precision]
    formats = [False, True] if node.get("channels_last") == "auto" else [rule.channels_last]
    for precision, channels_last in product(precisions, formats):
        yield replace(_plain(config, rule), precision=precision, channels_last=channels_last)


def _measure(
    config: Config, network: Network, shape: list[int], device: torch.device, rule: FastPath
) -> tuple[FastPath, dict[str, float]]:
    """The fastest path, and the median seconds of each that was tried."""
    optimizer = build("optim", config.get("optim"))
    seconds: dict[str, float] = {}

    def fastest(paths: list[FastPath]) -> FastPath:
        ways = {str(path): _step(network, optimizer, path, shape, device) for path in paths}
        times = alternate(ways, device, _ROUNDS, _WARMUP)
        seconds.update({name: median(each) for name, each in times.items()})
        best = paths[0]
        for path in paths[1:]:
            if seconds[str(path)] < _WORTHWHILE * seconds[str(best)]:
                best = path
        return best

    with torch.random.fork_rng():
        best = fastest(list(_candidates(config, rule, device)))
        if config["device"].get("compile") == "auto" and shutil.which("g++"):
            try:
                best = fastest([best, replace(best, compile=True)])
            except ConfigError as error:
                _say(f"warning: {error}")
    return best, seconds


def _step(
    network: Network,
    optimizer: Callable[[nn.Module], Optimizer],
    path: FastPath,
    shape: list[int],
    device: torch.device,
) -> Callable[[], object]:
    x = torch.rand(shape).to(device)
    step = BareStep(network, nn.functional.mse_loss, optimizer, path, device)
    with torch.no_grad():
        size = step.network(x[:1]).shape[1:]
    target = torch.rand(len(x), *size).to(device)
    return lambda: step(x, target)


def _input_shape(config: Config, network: Network, plan: BatchPlan) -> list[int]:
    size = build("patches", config["data"]["patches"]).size
    return [plan.per_device, network.in_channels, size, size]


def _machine(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{processor_name()}, {os.cpu_count()} processors"


@rank_zero_only
def _say(text: str) -> None:
    print(text, flush=True)

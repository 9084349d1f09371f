"""What each perceptual backbone costs: time and memory of one loss with its gradient.

Each backbone runs in a process of its own, on random weights, which cost the same. Prints Markdown:

    python benchmarks/backbones.py > benchmarks/backbones.md
"""

import argparse
import json
import platform
import subprocess
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from statistics import median

import torch

from sr_experiments.losses import MSELoss, PerceptualLoss
from sr_experiments.losses.perceptual_backbones import BACKBONES
from sr_experiments.models import SRResNet

_BASELINE = "vgg19"
_GENERATOR = "SRResNet step with MSE"


def memory(device: torch.device) -> float:
    """Peak since the last call in MiB; on Linux's processors the resident set."""
    if device.type == "cuda":
        peak = torch.cuda.max_memory_allocated() / 2**20
        torch.cuda.reset_peak_memory_stats()
        return peak
    status = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(name: str, batch: int, steps: int) -> dict[str, float]:
    """Seconds (median) and MiB above the start for one step."""
    warnings.simplefilter("ignore")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    memory(device)
    before = memory(device)
    target = torch.rand(batch, 3, 96, 96, device=device)
    if name == _GENERATOR:
        network, loss = SRResNet((4,)).to(device), MSELoss("mean").to(device)
        x = torch.rand(batch, 3, 24, 24, device=device)
    else:
        network, loss = torch.nn.Identity(), PerceptualLoss(name, weights=None).to(device)
        x = torch.rand(batch, 3, 96, 96, device=device, requires_grad=True)
    memory(device)
    seconds = []
    for _ in range(steps + 1):
        started = time.perf_counter()
        loss(network(x), target).backward()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return {"seconds": median(seconds[1:]), "mib": memory(device) - before}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=16 if torch.cuda.is_available() else 4)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--only", help="measures one, and prints JSON")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, options.batch, options.steps)))
        return
    command = [sys.executable, __file__, f"--batch={options.batch}", f"--steps={options.steps}"]
    found = {}
    for name in (_GENERATOR, *BACKBONES):
        done = subprocess.run([*command, f"--only={name}"], capture_output=True, check=True)
        found[name] = json.loads(done.stdout)
    hardware = torch.cuda.get_device_name() if torch.cuda.is_available() else platform.processor()
    threads = torch.get_num_threads()
    print("# Cost of the perceptual backbones\n")
    print(f"One loss and its gradient, {options.batch} crops of 96 x 96, float32, to the default")
    print(f"(last) layer; median of {options.steps} after one; each in its own process.\n")
    print(f"- hardware: {hardware or platform.machine()}, {threads} thread(s)")
    print(f"- versions: torch {torch.__version__}, torchvision {version('torchvision')}")
    print(f"- command: `python benchmarks/backbones.py --steps {options.steps}`\n")
    print(f"| backbone | time / {_BASELINE} | ms | peak MiB |\n|---|---:|---:|---:|")
    unit = found[_BASELINE]["seconds"]
    for name, cost in found.items():
        ratio = cost["seconds"] / unit
        print(f"| {name} | {ratio:.2f} | {cost['seconds'] * 1000:.0f} | {cost['mib']:.0f} |")


if __name__ == "__main__":
    main()

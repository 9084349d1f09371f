"""SSIM of one image: a sum of shifted images against the former `conv2d`, both in float64.

    python benchmarks/ssim.py > benchmarks/ssim.md

Both run in turn in one process, and the fastest run of each counts, so that other work on the
machine spoils the ratio least.
"""

import platform
import time

import torch
from torch import Tensor
from torch.nn import functional as F

from sr_experiments.metrics import functional

SIZES = ((256, 256), (640, 1020), (1404, 2040))
REPEATS = 15


def by_conv2d(x: Tensor) -> Tensor:
    position = torch.arange(11, dtype=x.dtype) - 5
    window = torch.exp(-position.square() / (2 * 1.5**2))
    window = window / window.sum()
    return F.conv2d(F.conv2d(x, window.view(1, 1, -1, 1)), window.view(1, 1, 1, -1))


def main() -> None:
    torch.set_num_threads(1)
    print("# SSIM in float64: shifted sums against `conv2d`\n")
    print("    python benchmarks/ssim.py > benchmarks/ssim.md\n")
    machine = platform.processor() or platform.machine()
    print(f"One thread, {machine}, torch {torch.__version__}; the fastest of {REPEATS} in turn.\n")
    print("| image | conv2d, s | shifted, s | ratio | difference |\n|---|---|---|---|---|")
    ways = {
        "conv2d": (by_conv2d, 10**9),  # the whole image at once
        "shifted": (functional._smooth, functional._STRIP),
    }
    for height, width in SIZES:
        x = torch.rand(1, 1, height, width, dtype=torch.float64) * 255
        y = (x + 10 * torch.randn_like(x)).clamp(0, 255)
        times: dict[str, list[float]] = {name: [] for name in ways}
        values: dict[str, float] = {}
        for _ in range(REPEATS):
            for name, way in ways.items():
                functional._smooth, functional._STRIP = way
                started = time.perf_counter()
                values[name] = functional.ssim(x, y).item()
                times[name].append(time.perf_counter() - started)
        old, new = (min(times[name]) for name in ways)
        difference = abs(values["conv2d"] - values["shifted"])
        print(
            f"| {height} x {width} | {old:.3f} | {new:.3f} | {old / new:.1f} | {difference:.0e} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

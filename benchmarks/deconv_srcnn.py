"""What decides whether Network Deconvolution helps SRCNN: one knob at a time, x3, T91 -> Set5.

`python benchmarks/deconv_srcnn.py DATA`. A bare loop instead of the framework's, so that a variant
takes half a minute: widths 32 and 16, batches of 16 patches of 33 x 33, Adam unless said, mean
squared error, one thread, one seed. PSNR is scored as by `protocol=vdsr`.
"""

import argparse
import time
from fractions import Fraction
from pathlib import Path

import torch
from torch import Tensor, nn

from sr_experiments.imaging import (
    imresize,
    list_images,
    load_image,
    luma,
    modcrop,
    quantise,
    round_half_up,
    shave,
)
from sr_experiments.metrics import psnr
from sr_experiments.models import SRCNN

SCALE = Fraction(3)
DECONV = {"conv": "deconv", "lr": 3e-4, "block": 8}
VARIANTS = {
    "plain, rate 3e-4": {"lr": 3e-4},
    "plain, rate 1e-3": {"lr": 1e-3},
    "plain, rate 3e-3": {"lr": 3e-3},
    "plain, rate 1e-2": {"lr": 1e-2},
    "plain, rate 1e-3, torch's initial weights": {"lr": 1e-3, "std": None},
    "plain, rate 3e-3, torch's initial weights": {"lr": 3e-3, "std": None},
    "deconv, rate 3e-4, torch's initial weights": {**DECONV, "std": None},
    "deconv, rate 1e-3, torch's initial weights": {**DECONV, "lr": 1e-3, "std": None},
    "plain, SGD at 0.1": {"optim": "sgd", "lr": 0.1},
    "plain, SGD at 0.01, torch's initial weights": {"optim": "sgd", "lr": 0.01, "std": None},
    "deconv, rate 1e-4": {**DECONV, "lr": 1e-4},
    "deconv, rate 3e-4": DECONV,
    "deconv, rate 1e-3": {**DECONV, "lr": 1e-3},
    "deconv, rate 3e-3": {**DECONV, "lr": 3e-3},
    "deconv, SGD at 0.001": {**DECONV, "optim": "sgd", "lr": 1e-3},
    "deconv, SGD at 0.01": {**DECONV, "optim": "sgd", "lr": 1e-2},
    "deconv, last bias from 0": {**DECONV, "bias": "zero"},
    "deconv, last bias from 0, biases x10": {**DECONV, "bias": "zero", "bias_factor": 10},
    "deconv, block 2": {**DECONV, "block": 2},
    "deconv, block 4": {**DECONV, "block": 4},
    "deconv, block 16": {**DECONV, "block": 16},
    "deconv, 5 iterations in all layers": {**DECONV, "n_iter": 5},
    "deconv, 15 iterations in all layers": {**DECONV, "n_iter": 15},
    "deconv, eps 1e-3": {**DECONV, "eps": 1e-3},
    "deconv, eps 1e-2": {**DECONV, "eps": 1e-2},
    "deconv, momentum 0.01": {**DECONV, "momentum": 0.01},
    "deconv, momentum 0.5": {**DECONV, "momentum": 0.5},
    "deconv, every patch for the statistics": {**DECONV, "sampling_stride": 1},
    "plain, rate 3e-3, batches of 64": {"lr": 3e-3, "batch": 64},
    "deconv, batches of 64": {**DECONV, "batch": 64},
}
MARKS = (25, 50, 100, 200, 400, 600)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--only", default="", help="variants whose names contain this")
    options = parser.parse_args()
    torch.set_num_threads(1)
    images = [pair(path) for path in list_images(options.data / "T91")]
    patches = [torch.cat([tiles(pair_[i]) for pair_ in images]) / 255 for i in (0, 1)]
    test = [pair(path) for path in list_images(options.data / "Set5")]
    marks = [m for m in MARKS if m <= options.steps]
    print("| variant | " + " | ".join(f"step {m}" for m in marks) + " | ms per step |")
    print("|---|" + "---:|" * (len(marks) + 1))
    for name, settings in VARIANTS.items():
        if options.only in name:
            scores, seconds = train(patches, test, marks, dict(settings))
            cells = [f"{score:.2f}" for score in scores] + [f"{seconds / marks[-1] * 1e3:.0f}"]
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def train(
    patches: list[Tensor],
    test: list[tuple[Tensor, Tensor]],
    marks: list[int],
    settings: dict[str, object],
) -> tuple[list[float], float]:
    """PSNR on the test images at each mark, and seconds of training."""
    torch.manual_seed(0)
    network, optimizer = build(settings)
    generator = torch.Generator().manual_seed(0)
    scores, seconds = [], 0.0
    for step in range(1, marks[-1] + 1):
        start = time.perf_counter()
        chosen = torch.randint(len(patches[0]), (settings.get("batch", 16),), generator=generator)
        loss = (network.train()(patches[0][chosen]) - patches[1][chosen]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seconds += time.perf_counter() - start
        if step in marks:
            scores.append(score(network, test))
    return scores, seconds


def build(settings: dict[str, object]) -> tuple[SRCNN, torch.optim.Optimizer]:
    names = ("block", "n_iter", "eps", "momentum", "sampling_stride")
    layer = {name: settings[name] for name in names if name in settings}
    network = SRCNN(
        channels=(32, 16),
        conv=settings.get("conv", "plain"),
        deconv=layer or None,
        std=settings.get("std", 0.001),
    )
    if settings.get("bias") == "zero":
        nn.init.zeros_(network.conv3.bias)
    rate, factor = settings["lr"], settings.get("bias_factor", 1)
    groups = [
        {"params": [p], "lr": rate * (factor if name.endswith("bias") else 1)}
        for name, p in network.named_parameters()
    ]
    if settings.get("optim") == "sgd":
        return network, torch.optim.SGD(groups, momentum=0.9)
    return network, torch.optim.Adam(groups)


@torch.no_grad()
def score(network: SRCNN, test: list[tuple[Tensor, Tensor]]) -> float:
    network.eval()
    return sum(
        psnr(shave(quantise(network(x / 255) * 255), 3), shave(y, 3)).item() for x, y in test
    ) / len(test)


def pair(path: Path) -> tuple[Tensor, Tensor]:
    """Bicubic-interpolated and original Y, [1, 1, H, W] on 0..255."""
    image = modcrop(load_image(path), 3)[None].double()
    original = round_half_up(luma(image))
    return imresize(imresize(original, 1 / SCALE), SCALE).float(), original.float()


def tiles(image: Tensor) -> Tensor:
    return image[0].unfold(1, 33, 14).unfold(2, 33, 14).reshape(-1, 1, 33, 33)


if __name__ == "__main__":
    main()

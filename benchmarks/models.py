"""``python -m benchmarks.models``: a table of all architectures, computed on this machine."""

import argparse
import time
from collections.abc import Callable
from functools import partial

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from sr_experiments.models import (
    EDSR,
    HRAN,
    RCAN,
    SRCNN,
    VDSR,
    MSRResNet,
    Network,
    REDNet,
    SRResNet,
)
from sr_experiments.models.cost import multiply_adds, parameters
from sr_experiments.models.layers import fold_whitening

# The published variants; `channels` or the like may be narrowed, which leaves the reach as it is.
VARIANTS: dict[str, Callable[..., Network]] = {
    "SRCNN 9-1-5": SRCNN,
    "SRCNN 9-5-5": partial(SRCNN, kernels=(9, 5, 5)),
    "VDSR": VDSR,
    "RED10": partial(REDNet, depth=10, skip_interval=0),
    "RED20": partial(REDNet, depth=20),
    "RED30": partial(REDNet, depth=30),
    "EDSR baseline x2": EDSR,
    "EDSR x2": partial(EDSR, blocks=32, channels=256, res_scale=0.1),
    "EDSR baseline x2, deconv": partial(EDSR, conv="deconv"),
    "SRResNet x4": SRResNet,
    "MSRResNet x4": MSRResNet,
    "RCAN x2": RCAN,
    "HRAN x2": HRAN,
}


def receptive_field(make: Callable[..., Network], limit: int = 161) -> int | None:
    """Side of the square of input pixels that one output pixel depends on; None: all of them.

    Found by differentiating the middle pixel with all weights positive and of sum one, so that no
    ReLU closes and no path cancels another.

    Args:
        make: makes the network; it is made with few channels.
        limit: side of the input that is tried; a larger field counts as everything.
    """
    few: dict[str, object] = {"channels": (4, 4) if _inner(make) is SRCNN else 4}
    if _inner(make) is RCAN:
        few["reduction"] = 1
    network = make(**few).double().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
            if parameter.ndim > 1:
                total = parameter.flatten(1).sum(dim=1)
                parameter.div_(total.view(-1, *[1] * (parameter.ndim - 1)))
    x = torch.rand(1, network.in_channels, limit, limit, dtype=torch.float64).add_(1)
    x.requires_grad_()
    y = network(x)
    y[0, 0, y.shape[2] // 2, y.shape[3] // 2].backward()
    assert x.grad is not None
    touched = x.grad[0].abs().amax(dim=0).amax(dim=0).nonzero()
    side = int(touched.max() - touched.min()) + 1
    return None if side >= limit - 2 else side


def training_step(network: Network, side: int = 48, batch: int = 4) -> tuple[float, float]:
    """Seconds of one forward and backward pass, and MiB that it keeps.

    Kept are the weights, their gradients, and what autograd saves between the passes.
    """
    network.train()
    x = torch.rand(batch, network.in_channels, side, side, device=_device(network))
    saved: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        network(x).sum().backward()
    seconds = _median(lambda: network(x).sum().backward())
    weights = {p.untyped_storage().data_ptr(): p.numel() * 4 for p in network.parameters()}
    kept = sum((saved | weights).values()) + sum(weights.values())
    return seconds, kept / 2**20


def inference(network: Network, height: int = 180, width: int = 320) -> float:
    """Seconds for one output of this size, Network Deconvolution folded."""
    network = fold_whitening(network.eval())
    x = _input(network, height, width).to(_device(network))
    with torch.inference_mode():
        return _median(lambda: network(x))


def _inner(make: Callable[..., Network]) -> Callable[..., Network]:
    return make.func if isinstance(make, partial) else make


def _input(network: Network, height: int, width: int) -> Tensor:
    factor = int(network.scales[0]) if network.upsamples else 1
    return torch.empty(1, network.in_channels, height // factor, width // factor).fill_(0.5)


def _device(network: nn.Module) -> torch.device:
    return next(network.parameters()).device


def _median(work: Callable[[], object], repetitions: int = 3) -> float:
    times = []
    for _ in range(repetitions + 1):
        start = time.perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return sorted(times[1:])[repetitions // 2]


def row(name: str, device: str = "cpu") -> list[str]:
    """A line of the table: a network's name and figures."""
    make = VARIANTS[name]
    network = make().to(device)
    field = receptive_field(make)
    seconds, kept = training_step(network)
    return [
        name,
        f"{parameters(network) / 1e3:,.1f} k",
        f"{multiply_adds(network) / 1e9:,.1f} G",
        f"{field} px" if field else "global or > 159 px",
        f"{seconds * 1e3:,.0f} ms",
        f"{kept:,.0f} MiB",
        f"{inference(network) * 1e3:,.0f} ms",
    ]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models", description=__doc__)
    parser.add_argument("--markdown", action="store_true", help="print a markdown table")
    parser.add_argument("--device", default="cpu", help="where to measure: cpu, cuda, mps")
    options = parser.parse_args()
    headings = ["network", "parameters", "multiply-adds 720p", "receptive field"]
    headings += ["training step 4 x 48 x 48", "it keeps", "320 x 180 output"]
    if options.markdown:
        print("| " + " | ".join(headings) + " |\n|" + "---|" * len(headings), flush=True)
        for name in VARIANTS:
            print("| " + " | ".join(row(name, options.device)) + " |", flush=True)
        return
    table = Table(*headings)
    for name in track(VARIANTS, "measuring", transient=True):
        table.add_row(*row(name, options.device))
    Console(width=max(Console().width, 130)).print(table)


if __name__ == "__main__":
    main()

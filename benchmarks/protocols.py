"""What each difference between two ways to score is worth in dB, on Set5.

    python -m benchmarks.protocols DATA WEIGHTS    # the first table of docs/protocols.md

DATA holds the folder Set5, WEIGHTS is pytorch-vdsr's public file. Every row changes one thing of
the protocol `vdsr` and scores bicubic interpolation and that network again.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from sr_experiments.cli.load import load
from sr_experiments.evaluation import NAMED, Protocol
from sr_experiments.imaging import load_image, quantise, shave
from sr_experiments.metrics import psnr
from sr_experiments.models import Network

SCALES = (2, 3, 4)
VDSR = NAMED["vdsr"]
Shrink = Callable[[Tensor, int], Tensor]  # [1, C, H, W] on 0..255 -> [1, C, h, w]
Compare = Callable[[Tensor, Tensor, int], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Way:
    """One way to score.

    Attributes:
        text: what differs from the protocol `vdsr`.
        protocol: as this project knows it.
        shrink: makes the low-resolution image instead of the protocol.
        compare: makes what is compared, on any range of 255, instead of the protocol.
        border: pixels left out at each side, beside the scale.
        pooled: one PSNR of the errors of all images, instead of the mean over images.
        peak: the largest value of each original instead of 255.
    """

    text: str
    protocol: Protocol = VDSR
    shrink: Shrink | None = None
    compare: Compare | None = None
    border: int = 0
    pooled: bool = False
    peak: bool = False


def pillow(image: Tensor, scale: int) -> Tensor:
    """Pillow's bicubic on uint8, which cuts its kernel at the border."""
    planes = [np.asarray(quantise(plane).byte()) for plane in image[0]]
    size = image.shape[-1] // scale, image.shape[-2] // scale
    small = [Image.fromarray(p).resize(size, Image.Resampling.BICUBIC) for p in planes]
    return torch.stack([torch.from_numpy(np.array(s)) for s in small])[None].to(image)


def without_antialiasing(image: Tensor, scale: int) -> Tensor:
    """The bicubic of OpenCV and of torch's default: another kernel, and no antialiasing."""
    return F.interpolate(image, scale_factor=1 / scale, mode="bicubic").clamp(0, 255)


def full_range(prediction: Tensor, target: Tensor, scale: int) -> tuple[Tensor, Tensor]:
    """Gray as in JPEG and Pillow, on 0..255 instead of 16..235."""
    x, y = ((image - 16) * 255 / 219 for image in (prediction, target))
    return shave(quantise(x), scale), shave(quantise(y), scale)


WAYS = (
    Way("**protocol `vdsr` itself**"),
    Way("border not cropped", replace(VDSR, shave=0)),
    Way("border of scale + 6 pixels (EDSR, on DIV2K)", border=6),
    Way("border of MATLAB before 2007 (`border=replicate`)", replace(VDSR, border="replicate")),
    Way("Y not rounded", replace(VDSR, round_luma=False)),
    Way("nothing rounded (`double`)", NAMED["double"]),
    Way("low-resolution Y rounded (`y8`)", NAMED["y8"]),
    Way("low-resolution RGB file (`rgb8`)", NAMED["rgb8"]),
    Way("RGB compared instead of Y (`rgb`)", NAMED["rgb"]),
    Way("Y on 0..255, as in JPEG, instead of 16..235", compare=full_range),
    Way("one PSNR over the pixels of all images (torchmetrics)", pooled=True),
    Way("peak of each image instead of 255", peak=True),
    Way("shrunk by Pillow", shrink=pillow),
    Way("shrunk without antialiasing (OpenCV, torch's default)", shrink=without_antialiasing),
    Way("self-ensemble of 8", replace(VDSR, self_ensemble=True)),
)


class Scores:
    """PSNR of a network by any way; what is enlarged alike is enlarged once.

    Args:
        images: uint8 [3, H, W].
        network: the network.
    """

    def __init__(self, images: Sequence[Tensor], network: Network) -> None:
        self.images = images
        self.network = network
        self.enlarged = cache(self._enlarged)

    def __call__(self, way: Way, scale: int) -> float:
        """Mean PSNR in dB."""
        errors, values = [], []
        for index in range(len(self.images)):
            protocol = way.protocol
            rounded = protocol.round_luma or protocol.source == "rgb"  # there it comes later
            same = replace(protocol, name="", channel="y", shave=0, quantise=True)
            key = replace(same, round_luma=rounded)
            pair = self.enlarged(key, way.shrink, scale, index)
            seen = replace(protocol, shave=protocol.border_width(scale) + way.border)
            x, y = (seen.comparable(image, scale) for image in pair)
            if way.compare:
                x, y = way.compare(*pair, scale)
            value = psnr(x, y)
            if way.peak:
                value = value + 20 * torch.log10(y.max() / 255)
            values.append(value.item())
            errors.append((x - y).square().flatten())
        pooled = 10 * torch.log10(255**2 / torch.cat(errors).mean())
        return pooled.item() if way.pooled else sum(values) / len(values)

    def _enlarged(
        self, protocol: Protocol, shrink: Shrink | None, scale: int, index: int
    ) -> tuple[Tensor, Tensor]:
        small, target = protocol.degrade(self.images[index], scale)
        if shrink:
            small = shrink(target, scale)
        return protocol.upscaler(self.network)(small, scale), target


def main() -> None:
    """Prints the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    given = parser.parse_args()
    images = [load_image(path) for path in sorted((given.data / "Set5").glob("*.png"))]
    networks = {"bicubic": load("bicubic"), "VDSR": load(given.weights, "model.bias=false")}
    columns = [(Scores(images, n), name, s) for name, n in networks.items() for s in SCALES]
    print("| what differs | " + " | ".join(f"{name} x{s}" for _, name, s in columns) + " |")
    print("|---|" + "---:|" * len(columns))
    base: list[float] = []
    for way in WAYS:
        values = [score(way, s) for score, _, s in columns]
        texts = [f"{v - b:+.2f}" for v, b in zip(values, base, strict=True)] if base else []
        base = base or values
        texts = texts or [f"{v:.2f}" for v in values]
        print(f"| {way.text} | " + " | ".join(texts) + " |", flush=True)


if __name__ == "__main__":
    main()

"""Scores of a network on benchmark sets x scales, beside bicubic interpolation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import cast

import torch
from torch import distributed
from torchmetrics import MeanMetric, Metric, MetricCollection, SumMetric

from sr_experiments.batches import EvaluationItem
from sr_experiments.errors import ImageError
from sr_experiments.evaluation.protocol import Protocol
from sr_experiments.imaging import fits_in_memory
from sr_experiments.inference.precision import full_precision
from sr_experiments.metrics import PSNR, SSIM, ImageMetric
from sr_experiments.metrics.per_image import ImageMean
from sr_experiments.models import Network

_METHODS = ("bicubic", "model")
_SCORES = {"psnr": PSNR, "ssim": SSIM}
_BASELINES = {"noisy": "the noisy input", "input": "the input"}
ImageScore = dict[str, str | float]
_SMALLEST = 11  # the window of SSIM


@dataclass(frozen=True)
class Row:
    """Means over the images of one set at one scale; PSNR in dB.

    ``seconds`` is the time that the network took for an image; the first one may contain the
    device's start. ``low_resolution`` says whether the protocol has "made" the low-resolution
    images, or whether they are "files". ``extra`` holds further metrics by name, of bicubic as
    ``bicubic_<name>``.
    """

    benchmark: str
    scale: float
    images: int
    psnr: float
    ssim: float
    bicubic_psnr: float
    bicubic_ssim: float
    seconds: float = 0.0
    low_resolution: str = "made"
    extra: Mapping[str, float] = field(default_factory=dict)

    @property
    def psnr_gain(self) -> float:
        """PSNR above bicubic in dB."""
        return self.psnr - self.bicubic_psnr


class BenchmarkScore:
    """Collects scores image by image; exact on any number of processes.

    Args:
        protocol: how images are degraded and compared.
        benchmarks: names of the sets.
        scales: the scales.
        further: metrics beside PSNR and SSIM, by name.
        timed: whether ``metrics`` contains seconds per image.
    """

    def __init__(
        self,
        protocol: Protocol,
        benchmarks: Sequence[str],
        scales: Sequence[float],
        further: Mapping[str, ImageMetric] | None = None,
        timed: bool = False,
    ) -> None:
        self.protocol = protocol
        self.further = dict(further or {})
        self.timed = timed
        self.noted: list[ImageScore] = []
        self.keys = [(name, scale) for name in benchmarks for scale in scales]
        # One collection per set and scale, without shared states: their updates differ.
        self.collected = [
            MetricCollection(
                dict[str, Metric | MetricCollection](
                    images=SumMetric(), given=SumMetric(), seconds=MeanMetric()
                )
                | {f"{m}_{q}": cls() for m in _METHODS for q, cls in _SCORES.items()}
                | {f"{m}_{q}": f.mean() for m in _METHODS for q, f in self.further.items()},
                compute_groups=False,
            )
            for _ in self.keys
        ]

    @property
    def baseline(self) -> str:
        """What the gain is measured against, in words: bicubic, or the input at scale 1."""
        names = dict.fromkeys(self.protocol.baseline(scale) for _, scale in self.keys)
        return " and ".join(_BASELINES.get(name, name) for name in names)

    @full_precision()
    def update(self, network: Network, item: EvaluationItem) -> None:
        """Degrades, restores and scores one image.

        Raises:
            ImageError: the image is too small to be scored at this scale.
            OutOfMemoryError: the image, or the network's work on it, does not fit into memory.
        """
        self._check_size(item)
        with fits_in_memory(item["path"]):
            self._score(network, item)

    def _score(self, network: Network, item: EvaluationItem) -> None:
        scale = item["scale"]
        given = item.get("low_resolution")
        name = Path(item["path"]).name
        small, target = self.protocol.degrade(item["image"], scale, name, given)
        reference = self.protocol.comparable(target, scale)
        metrics = self.collected[self.keys.index((item["benchmark"], scale))]
        metrics["images"].update(1)
        metrics["given"].update(given is not None)
        upscaler = self.protocol.upscaler(network)
        enlarged = (self.protocol.interpolate(small, scale), upscaler(small, scale))
        metrics["seconds"].update(upscaler.seconds)
        comparable = (self.protocol.comparable_baseline, self.protocol.comparable)
        for method, image, compare in zip(_METHODS, enlarged, comparable, strict=True):
            result = compare(image, scale)
            for score in _SCORES:
                metrics[f"{method}_{score}"].update(result, reference)
            looks = (self.protocol.visible(image, scale), self.protocol.visible(target, scale))
            for metric in self.further:
                metrics[f"{method}_{metric}"].update(*looks)
        self._note(item, metrics, upscaler.seconds)

    def _check_size(self, item: EvaluationItem) -> None:
        scale, (height, width) = item["scale"], item["image"].shape[-2:]
        min_size = _SMALLEST + 2 * self.protocol.border_width(scale) + round(scale) - 1
        if min(height, width) < min_size:
            raise ImageError(
                f"{item['path']}: {width} x {height} pixels are too few to be "
                f"scored at scale {scale}; each side needs at least {min_size}"
            )

    def _note(self, item: EvaluationItem, metrics: MetricCollection, seconds: float) -> None:
        line: ImageScore = {"benchmark": item["benchmark"], "scale": item["scale"]}
        line["image"] = item["path"]
        for method, prefix in (("model", ""), ("bicubic", "bicubic_")):
            for name in (*_SCORES, *self.further):
                metric = cast(ImageMean, metrics[f"{method}_{name}"])
                line[f"{prefix}{name}"] = metric.newest.item()
        line["gain"] = float(line["psnr"]) - float(line["bicubic_psnr"])
        line["low_resolution"] = "files" if "low_resolution" in item else "made"
        self.noted.append({**line, "seconds": seconds})

    def images(self) -> list[ImageScore]:
        """The scores of each image, set by set; with several processes all must call it."""
        noted = [self.noted]
        if distributed.is_available() and distributed.is_initialized():
            noted = [[] for _ in range(distributed.get_world_size())]
            distributed.all_gather_object(noted, self.noted)
        order = {key: place for place, key in enumerate(self.keys)}
        # Image by image from process to process, as they were shared out.
        mixed = [line for lines in zip_longest(*noted) for line in lines if line is not None]
        return sorted(mixed, key=lambda line: order[line["benchmark"], line["scale"]])  # type: ignore[index]

    def compute(self) -> list[Row]:
        """One row per set and scale; with several processes all must call it."""
        rows = []
        for (benchmark, scale), metrics in zip(self.keys, self.collected, strict=True):
            value = {name: result.item() for name, result in metrics.compute().items()}
            rows.append(
                Row(
                    benchmark,
                    scale,
                    images=int(value["images"]),
                    psnr=value["model_psnr"],
                    ssim=value["model_ssim"],
                    bicubic_psnr=value["bicubic_psnr"],
                    bicubic_ssim=value["bicubic_ssim"],
                    seconds=value["seconds"],
                    low_resolution="files" if value["given"] else "made",
                    extra={
                        name: value[f"{method}_{metric}"]
                        for metric in self.further
                        for method, name in zip(
                            _METHODS, (f"bicubic_{metric}", metric), strict=True
                        )
                    },
                )
            )
        return rows

    def metrics(self) -> dict[str, float]:
        """The rows as flat metrics, as ``set5_x2/psnr_y``, and ``psnr`` and ``gain`` as means."""
        rows = self.compute()
        named: dict[str, float] = {}
        for row in rows:
            key = f"{row.benchmark}_x{row.scale:g}"
            named[f"{key}/psnr_{self.protocol.channel}"] = row.psnr
            named[f"{key}/ssim_{self.protocol.channel}"] = row.ssim
            named |= {f"{key}/{name}": row.extra[name] for name in self.further}
            if self.timed:
                named[f"{key}/seconds"] = row.seconds
        named["psnr"] = sum(row.psnr for row in rows) / len(rows)
        named["gain"] = sum(row.psnr_gain for row in rows) / len(rows)
        return named

    def reset(self) -> None:
        """Forgets all images."""
        self.noted.clear()
        for metrics in self.collected:
            metrics.reset()

    def to(self, device: torch.device) -> None:
        """Moves the collected scores."""
        for metrics in self.collected:
            metrics.to(device)

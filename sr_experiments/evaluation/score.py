"""``sr_experiments.score``: pictures that exist, however they were made, against originals."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from sr_experiments.errors import ImageError
from sr_experiments.evaluation.protocol import NAMED, Protocol
from sr_experiments.imaging import list_images, load_image
from sr_experiments.metrics import psnr, ssim

Images = str | Path | Tensor | Sequence[str | Path | Tensor]


@dataclass(frozen=True)
class Score:
    """Scores of images under a protocol.

    Attributes:
        protocol: one line that says how the numbers came about.
        psnr: mean over the images in dB.
        ssim: mean over the images.
        per_image: name, PSNR in dB and SSIM of each.
    """

    protocol: str
    psnr: float
    ssim: float
    per_image: tuple[tuple[str, float, float], ...]


def score(
    images: Images,
    references: Images,
    protocol: str | Protocol = "vdsr",
    scale: float | None = None,
) -> Score:
    """Scores pictures as ``evaluate.py`` scores those of a network.

    Args:
        images: the results: a file, a folder, a uint8 tensor [1 or 3, H, W], or a list of these.
        references: the originals, one for each result, in the same order; files of a folder are
            in the order of their names. One that is larger at the right and below, by less than
            the scale, is cut, as its low-resolution image could not know the rest.
        protocol: a name, as "vdsr" or "rgb", or one of your own.
        scale: how many times the results were enlarged, which most protocols leave out at each
            side; it may be missing where the protocol has a fixed ``shave``.

    Raises:
        ValueError: there is no such protocol, or the numbers of images differ.
        ImageError: a file cannot be read, or a picture does not fit its reference.

    Examples:
        >>> import sr_experiments as sr
        >>> original = sr.load_image("photo.png")
        >>> small = sr.imresize(original[None].double(), 1 / 2)
        >>> large = sr.quantise(sr.imresize(small, 2))[0].byte()
        >>> result = sr.score(large, "photo.png", protocol="rgb8", scale=2)
        >>> f"{result.psnr:.2f} dB, {result.ssim:.4f}"
        '31.35 dB, 0.8698'
    """
    how = _named_protocol(protocol)
    if how.shave == "scale" and scale is None:
        raise ValueError(
            f"scale: protocol {how.name} leaves out as many pixels at each side as the scale; "
            "give it, as scale=2"
        )
    results, originals = _named_images(images), _named_images(references)
    if len(results) != len(originals):
        raise ValueError(
            f"references: expected one for each of {len(results)} images, got {len(originals)}"
        )
    rows = [_score_pair(*pair, how, scale or 1) for pair in zip(results, originals, strict=True)]
    psnrs, ssims = [row[1] for row in rows], [row[2] for row in rows]
    return Score(str(how), sum(psnrs) / len(rows), sum(ssims) / len(rows), tuple(rows))


def _named_protocol(protocol: str | Protocol) -> Protocol:
    if isinstance(protocol, Protocol):
        return protocol
    if protocol not in NAMED:
        raise ValueError(f"protocol: {protocol!r} is none of {', '.join(NAMED)}")
    return NAMED[protocol]


def _named_images(images: Images) -> list[tuple[str, Tensor]]:
    """Pictures, uint8 [1 or 3, H, W], with the names of their files, or their numbers."""
    if isinstance(images, str | Path):
        path = Path(images).expanduser()
        images = list_images(path) if path.is_dir() else [path]
    elif isinstance(images, Tensor):
        images = [images]
    if not images:
        raise ValueError("images: there are none")
    return [
        (str(i), _checked(image, i))
        if isinstance(image, Tensor)
        else (Path(image).name, load_image(Path(image).expanduser()))
        for i, image in enumerate(images)
    ]


def _checked(image: Tensor, number: int) -> Tensor:
    if image.dtype != torch.uint8 or image.ndim != 3 or image.shape[0] not in (1, 3):
        raise ValueError(
            f"images: number {number} is {image.dtype} {list(image.shape)}; expected uint8 "
            "[1 or 3, H, W], as sr.quantise(x).byte() makes of values on 0..255"
        )
    return image


def _score_pair(
    result: tuple[str, Tensor], original: tuple[str, Tensor], protocol: Protocol, scale: float
) -> tuple[str, float, float]:
    (name, image), (reference_name, reference) = result, original
    height, width = image.shape[-2:]
    excess = [a - b for a, b in zip(reference.shape[-2:], (height, width), strict=True)]
    colours = protocol.channel == "rgb" and image.shape[0] != reference.shape[0]
    if colours or not all(0 <= pixels < scale for pixels in excess):
        raise ImageError(
            f"{name}: {list(image.shape)} does not fit its reference {reference_name}, "
            f"{list(reference.shape)}; expected the same size and channels"
        )
    pair = image, reference[:, :height, :width]
    x, y = (protocol.comparable(each[None].double(), scale) for each in pair)
    return name, psnr(x, y).item(), ssim(x, y).item()

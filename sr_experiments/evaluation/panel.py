"""A picture that compares low resolution, bicubic, result and original."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn import functional as F

from sr_experiments.batches import EvaluationItem
from sr_experiments.evaluation.protocol import Protocol
from sr_experiments.files import write_whole
from sr_experiments.imaging import imresize, modcrop, quantise, save_image
from sr_experiments.imaging.resize import as_fraction
from sr_experiments.metrics import psnr
from sr_experiments.models import Network

_SIDE = 96  # pixels of the original that a tile shows
_ZOOM = 3
_GAP = 8
_CAPTION = 40
_FONT = 15
_ERROR_GAIN = 8
_KINDS = ("lr", "bicubic", "model", "original")

Tile = tuple[str, Tensor]


def cut_tiles(
    network: Network, items: Sequence[EvaluationItem], protocol: Protocol, method: str
) -> list[list[Tile]]:
    """For each item captioned tiles of LR, bicubic, SR, HR, and the error of SR around mid-gray.

    Each tile shows the part of the image with the most detail; the error is 8 times enlarged.
    Captions give the PSNR of the whole image by the protocol.

    Args:
        network: the network that restores.
        items: the images.
        protocol: how they are degraded and compared.
        method: what the network is called.

    Returns:
        Caption and uint8 [1 or 3, H, W] for each tile.
    """
    return [_tiles(network, item, protocol, method) for item in items]


def draw_panel(rows: Sequence[Sequence[Tile]]) -> Tensor:
    """The tiles of each item in a row, three times enlarged.

    Returns:
        uint8 [3, H, W].
    """
    return _canvas(rows)


def save_tiles(
    rows: Sequence[Sequence[Tile]], items: Sequence[EvaluationItem], folder: Path
) -> None:
    """Writes LR, bicubic, SR and HR of each item into a folder of their own, for reports.

    ``set5_butterfly_x3.model.png`` and so on (also lr, bicubic, original), each in its original
    size, and ``tiles.json`` with their captions.

    Args:
        rows: tiles of each item, of `cut_tiles`.
        items: the images.
        folder: gets the files.
    """
    captions = {}
    for row, item in zip(rows, items, strict=True):
        stem = f"{item['benchmark']}_{Path(item['path']).stem}_x{item['scale']:g}"
        for kind, (caption, image) in zip(_KINDS, row, strict=False):  # without the error
            name = f"{stem}.{kind}.png"
            save_image(image, folder / name)
            captions[name] = caption
    write_whole(folder / "tiles.json", json.dumps(captions, indent=2) + "\n")


def draw_comparison(
    networks: Mapping[str, Network], items: Sequence[EvaluationItem], protocol: Protocol
) -> Tensor:
    """One row per item: LR, bicubic, the result of each network by name, HR; as above.

    Args:
        networks: by name.
        items: the images.
        protocol: how they are degraded and compared.

    Returns:
        uint8 [3, H, W].
    """
    rows = []
    for item in items:
        tiles = {name: _tiles(net, item, protocol, name) for name, net in networks.items()}
        first = next(iter(tiles.values()))
        rows.append([*first[:2], *(t[2] for t in tiles.values()), first[3]])
    return _canvas(rows)


def _canvas(rows: Sequence[Sequence[Tile]]) -> Tensor:
    """Captioned tiles in rows, as one picture."""
    tile, columns = _SIDE * _ZOOM, len(rows[0])
    width = columns * tile + (columns + 1) * _GAP
    canvas = Image.new("RGB", (width, len(rows) * (tile + _CAPTION + _GAP) + _GAP), "white")
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(size=_FONT)
    for i, row in enumerate(rows):
        top = _GAP + i * (tile + _CAPTION + _GAP)
        for j, (caption, image) in enumerate(row):
            left = _GAP + j * (tile + _GAP)
            pixels = image.repeat_interleave(_ZOOM, -2).repeat_interleave(_ZOOM, -1)
            array = pixels.expand(3, -1, -1).permute(1, 2, 0).contiguous().cpu().numpy()
            canvas.paste(Image.fromarray(array), (left, top + _CAPTION))
            lines = "\n".join(_fitting(line, font) for line in caption.split("\n"))
            draw.text((left, top), lines, fill="black", font=font)
    return torch.from_numpy(np.array(canvas)).permute(2, 0, 1)


def _score(baseline: float, result: float) -> str:
    if math.isnan(result):
        return "no PSNR: values are NaN"
    return f"{result:.2f} dB ({result - baseline:+.2f})"


def _fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """A line that does not reach into the next tile: its end tells configurations apart."""
    while font.getlength(text) > _SIDE * _ZOOM:
        half = len(text) // 2
        text = f"{text[: half - 2].rstrip('…')}…{text[half + 1 :].lstrip('…')}"
    return text


def _tiles(network: Network, item: EvaluationItem, protocol: Protocol, method: str) -> list[Tile]:
    scale = item["scale"]
    small, target = protocol.degrade(
        item["image"], scale, Path(item["path"]).name, item.get("low_resolution")
    )
    reference = protocol.comparable(target, scale)
    bicubic = protocol.interpolate(small, scale)
    result = protocol.upscaler(network)(small, scale)
    compared = (protocol.comparable_baseline(bicubic, scale), protocol.comparable(result, scale))
    scores = [psnr(x, reference).item() for x in compared]

    original = modcrop(item["image"], as_fraction(scale).numerator)[None].to(target)
    coarse = F.interpolate(small, size=target.shape[-2:], mode="nearest")
    shown = [_coloured(x, original) for x in (coarse, bicubic, result)]
    error = (result - target).mean(dim=1, keepdim=True) * _ERROR_GAIN + 128
    top, left = _busiest(original)
    name = f"{item['benchmark']} x{scale:g}"
    captions = [
        f"{'LR' if scale != 1 else 'input'}, {name}\n{item['path'].rsplit('/', 1)[-1]}",
        f"{protocol.baseline(scale)}\n{scores[0]:.2f} dB",
        f"{method}\n{_score(*scores)}",
        "HR\noriginal",
        f"error of {method}\nx{_ERROR_GAIN}, gray = 0",
    ]
    images = [*shown, original, error]
    cut = [quantise(x)[0, :, top : top + _SIDE, left : left + _SIDE].byte() for x in images]
    return list(zip(captions, cut, strict=True))


def _coloured(image: Tensor, original: Tensor) -> Tensor:
    """A restored Y with the chroma of the original, as far as there is any."""
    from sr_experiments.imaging import rgb_to_ycbcr, ycbcr_to_rgb

    if image.shape[1] == 3 or original.shape[1] == 1:
        return image
    return ycbcr_to_rgb(torch.cat([image, rgb_to_ycbcr(original)[:, 1:]], dim=1))


def _busiest(image: Tensor) -> tuple[int, int]:
    """Corner of the tile with the largest variance of its Laplacian-like detail."""
    gray = image.mean(dim=1, keepdim=True)
    detail = (
        gray
        - imresize(gray, 1 / 2)
        .repeat_interleave(2, -2)
        .repeat_interleave(2, -1)[..., : gray.shape[-2], : gray.shape[-1]]
    ).abs()
    height, width = detail.shape[-2:]
    side_y, side_x = min(_SIDE, height), min(_SIDE, width)
    mean = F.avg_pool2d(detail, (side_y, side_x), stride=8)
    index = int(mean.flatten().argmax())
    columns = mean.shape[-1]
    return index // columns * 8, index % columns * 8

"""Pictures of the sample: waves, finer from tile to tile."""

import base64
import io

import numpy as np
from PIL import Image

from sr_experiments.report.content import Picture
from tests.report.sample_runs import VARIANTS


def picture(title: str, width: int, height: int) -> Picture:
    rows, columns = np.mgrid[:height, :width]
    names = ["LR", "bicubic", *(name for name, *_ in VARIANTS.values()), "original"]
    tiles = []
    for place, name in enumerate(names):
        red = 128 + 100 * np.sin(columns / (9 - place)) * np.cos(rows / (9 - place))
        pixels = np.stack([red, 255 * columns / width, np.full_like(red, 30 * place)], axis=-1)
        tiles.append({"name": name, "caption": f"{30 + place}.25 dB", "src": _png(pixels)})
    tiles[-1]["caption"] = ""
    return {"title": title, "width": width, "height": height, "tiles": tiles}


def _png(pixels: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"

"""Reading and writing images as uint8 tensors."""

import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from sr_experiments.errors import ImageError

EXTENSIONS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})
_GRAY = {"L", "LA", "La", "1"}
_COLOUR = {"RGB", "RGBA", "RGBa", "RGBX", "P", "PA", "YCbCr"}


def list_images(folder: Path) -> list[Path]:
    """The image files directly in a folder, sorted by name.

    Raises:
        ImageError: there is no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise ImageError(f"{folder}: no such folder; expected a folder of images")
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in EXTENSIONS and p.is_file())
    if not files:
        known = " ".join(sorted(EXTENSIONS))
        raise ImageError(f"{folder}: holds no image; expected files ending in {known}")
    return files


def load_image(path: Path) -> Tensor:
    """Reads an 8-bit image as uint8 [3, H, W] (RGB), or [1, H, W] if the file is gray.

    Alpha is dropped, palettes are expanded.

    Raises:
        ImageError: the file is missing, broken, or of a kind that has no one meaning here
            (16 bits or floats per channel, CMYK).
    """
    try:
        with Image.open(path) as file:
            file.load()
            mode = file.mode
            image = file.convert("L" if mode in _GRAY else "RGB" if mode in _COLOUR else mode)
            pixels = np.array(image)
    except FileNotFoundError:
        raise ImageError(f"{path}: no such image file") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ImageError(f"{path}: broken or not an image ({error}); replace the file") from None
    except Image.DecompressionBombError as error:
        raise ImageError(f"{path}: too large to be opened safely ({error})") from None
    if mode not in _GRAY | _COLOUR:
        raise ImageError(
            f"{path}: has pixel format {mode}; expected 8-bit gray or RGB, so convert it first"
        )
    tensor = torch.from_numpy(pixels)
    return tensor[None] if tensor.ndim == 2 else tensor.permute(2, 0, 1).contiguous()


def save_image(image: Tensor, path: Path) -> None:
    """Writes uint8 [1 or 3, H, W] in the format of the file's ending, whole or not at all."""
    pixels = (
        image.squeeze(0).cpu().numpy()
        if image.shape[0] == 1
        else image.permute(1, 2, 0).cpu().numpy()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    image_format = Image.registered_extensions()[path.suffix.lower()]
    Image.fromarray(pixels).save(temporary, format=image_format)
    temporary.replace(path)

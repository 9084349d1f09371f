"""Reading and writing images as uint8 tensors."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from sr_experiments.errors import ImageError, OutOfMemoryError
from sr_experiments.files import whole_file

FORMATS = {
    **{".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".bmp": "BMP", ".webp": "WEBP"},
    **{".tif": "TIFF", ".tiff": "TIFF", ".ppm": "PPM", ".pgm": "PPM"},
}
EXTENSIONS = frozenset(FORMATS)
_GRAY = {"L", "LA", "La", "1"}
_COLOUR = {"RGB", "RGBA", "RGBa", "RGBX", "P", "PA", "YCbCr", "CMYK"}
_LIMIT = "SR_MAX_PIXELS"
_MOST_PIXELS = 178_956_970  # where Pillow refuses too


def load_image(path: str | Path) -> Tensor:
    """Reads an 8-bit image as uint8 [3, H, W] (RGB), or [1, H, W] if the file is gray.

    Alpha is dropped, palettes are expanded, CMYK is converted, and a photograph is turned as its
    EXIF data say. Only the formats of `EXTENSIONS` are tried, whatever the file is called: others,
    as PostScript, would start programs of their own.

    Raises:
        ImageError: the file is missing, broken, has more pixels than `SR_MAX_PIXELS` in the
            environment allows, or has 16 bits or floats per channel.
        OutOfMemoryError: it does not fit into memory.

    Examples:
        >>> load_image("photo.png").shape
        torch.Size([3, 96, 128])
    """
    path = Path(path)
    limit = most_pixels()
    try:
        with fits_in_memory(path), open_image(path) as file:
            _check(path, file, limit)
            file.load()  # which turns TIFF files itself
            turned = file.getexif().get(ExifTags.Base.Orientation, 1) != 1
            image = ImageOps.exif_transpose(file) if turned else file
            pixels = np.array(image.convert("L" if file.mode in _GRAY else "RGB"))
            tensor = torch.from_numpy(pixels)
            return tensor[None] if tensor.ndim == 2 else tensor.permute(2, 0, 1).contiguous()
    except FileNotFoundError:
        raise ImageError(f"{path}: no such image file") from None
    except UnidentifiedImageError:
        known = ", ".join(sorted(set(FORMATS.values())))
        raise ImageError(
            f"{path}: broken or not an image in one of the formats {known}; replace the file"
        ) from None
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(f"{path}: broken or not an image ({error}); replace the file") from None


@contextmanager
def fits_in_memory(path: Path | str) -> Iterator[None]:
    """Work on one image, which is named where memory does not suffice for it.

    Raises:
        OutOfMemoryError: in place of Python's, the processor's or an accelerator's own error.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # On the processor, torch has no class of its own for this.
        short = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not short and "can't allocate memory" not in str(error):
            raise
        raise OutOfMemoryError(
            f"{path}: does not fit into memory; leave the image out or cut it into parts"
        ) from None


def open_image(path: Path) -> Image.Image:
    """The file with its head read; `_check` takes the place of Pillow's warning and limit."""
    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        return Image.open(path, formats=sorted(set(FORMATS.values())))
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _check(path: Path, file: Image.Image, limit: int) -> None:
    """Refuses an opened file whose pixels are too many or have no one meaning here."""
    if file.width * file.height > limit:
        raise ImageError(
            f"{path}: has {file.width} x {file.height} = {file.width * file.height:,} pixels; at "
            f"most {limit:,} are read, since small files may claim to be huge; if you trust it, "
            f"raise the limit in the environment, as in {_LIMIT}=1000000000"
        )
    deep = any(has_deep_tile(tile) for tile in getattr(file, "tile", ()))
    if deep or file.mode not in _GRAY | _COLOUR:
        depth = "more than 8 bits per channel" if deep else f"pixel format {file.mode}"
        raise ImageError(f"{path}: has {depth}; expected 8-bit gray or RGB, so convert it first")


def has_deep_tile(tile: tuple[Any, ...]) -> bool:
    """Whether the decoder would cut more than 8 bits down to 8: RGB;16B, or PPM's largest value."""
    arguments = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
    if tile[0].startswith("ppm"):
        return int(arguments[-1]) > 255
    return ";16" in str(arguments[0])


def most_pixels() -> int:
    """The limit of `SR_MAX_PIXELS` in the environment, or Pillow's.

    Raises:
        ImageError: it is no positive number.
    """
    text = os.environ.get(_LIMIT, str(_MOST_PIXELS))
    if not text.isdecimal() or int(text) < 1:
        raise ImageError(f"{_LIMIT}: expected a number of pixels in the environment, got {text!r}")
    return int(text)


def save_image(image: Tensor, path: str | Path) -> None:
    """Writes uint8 [1 or 3, H, W] in the format of the file's ending, whole or not at all.

    Examples:
        >>> save_image(torch.zeros(3, 20, 30, dtype=torch.uint8), "black.png")
        >>> load_image("black.png").shape
        torch.Size([3, 20, 30])
    """
    path = Path(path)
    pixels = (
        image.squeeze(0).cpu().numpy()
        if image.shape[0] == 1
        else image.permute(1, 2, 0).cpu().numpy()
    )
    with whole_file(path) as file:
        Image.fromarray(pixels).save(file, Image.registered_extensions()[path.suffix.lower()])

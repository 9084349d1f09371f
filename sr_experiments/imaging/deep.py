"""Images of 16 bits per channel: PNG by torchvision, TIFF by tifffile, since Pillow cuts to 8."""

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import tifffile
import torch
from PIL import Image
from torch import Tensor

from sr_experiments.errors import ImageError
from sr_experiments.imaging.io import has_deep_tile

# Values of TIFF 6.0.
_WHITE_IS_0, _BLACK_IS_0, _RGB, _SEPARATE = 0, 1, 2, 2


def is_deep(file: Image.Image) -> bool:
    """Whether an opened file has 16 bits per channel."""
    return any(has_deep_tile(tile) for tile in getattr(file, "tile", ()))


def read_deep(path: Path, file: Image.Image) -> Tensor:
    """The pixels of a file of 16 bits per channel, uint16 [1 to 4, H, W], as they are stored.

    Args:
        path: the file.
        file: the same, opened by Pillow.

    Raises:
        ImageError: it is neither PNG nor TIFF, or a TIFF file of an unusual kind.
        RuntimeError: it is broken.
    """
    if file.format == "PNG":
        from torchvision.io import ImageReadMode, decode_png

        data = torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.uint8)
        pixels: Tensor = decode_png(data, ImageReadMode.UNCHANGED)
        return pixels
    if file.format == "TIFF":
        return _read_tiff(path)
    raise ImageError(
        f"{path}: has 16 bits per channel, which are read from PNG and TIFF; convert it first"
    )


def _read_tiff(path: Path) -> Tensor:
    try:
        with tifffile.TiffFile(path) as tiff:
            page: Any = tiff.pages[0]
            kind, planar = int(page.photometric), int(page.planarconfig) == _SEPARATE
            pixels = page.asarray()
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        raise ImageError(
            f"{path}: {error} for a TIFF file of 16 bits; pip install imagecodecs, or save it "
            "without compression"
        ) from None
    if kind not in (_WHITE_IS_0, _BLACK_IS_0, _RGB) or pixels.dtype != np.uint16:
        raise ImageError(
            f"{path}: is a TIFF file of {pixels.dtype} in colour space {kind}; expected gray or "
            "RGB, so convert it first"
        )
    if kind == _WHITE_IS_0:
        pixels = 65535 - pixels
    if pixels.ndim == 2:
        pixels = pixels[None]
    elif not planar:
        pixels = pixels.transpose(2, 0, 1)
    if len(pixels) > 4:
        raise ImageError(f"{path}: has {len(pixels)} channels; expected gray or RGB with alpha")
    return torch.from_numpy(np.ascontiguousarray(pixels.astype(np.uint16)))


def write_deep_tiff(file: BinaryIO, pixels: Tensor, exif: Image.Exif, icc: bytes) -> None:
    """Writes uint16 [1 to 4, H, W], compressed; of the EXIF data, the plain texts are kept.

    Args:
        file: to write to.
        pixels: gray or RGB, perhaps with alpha.
        exif: about the photograph.
        icc: the colour profile; empty: none.
    """
    channels = len(pixels)
    array = pixels[0] if channels == 1 else pixels.permute(1, 2, 0)
    texts = [(tag, 2, 0, value, True) for tag, value in exif.items() if isinstance(value, str)]
    tifffile.imwrite(
        file,
        array.contiguous().numpy(),
        photometric="rgb" if channels > 2 else "minisblack",
        planarconfig="contig" if channels > 1 else None,
        extrasamples=["unassalpha"] if channels in (2, 4) else None,
        compression="zlib",
        predictor=True,
        iccprofile=icc or None,
        extratags=texts,
        software=False,
        metadata=None,
    )

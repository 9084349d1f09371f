"""Writing photographs as PNG, JPEG, TIFF or WebP, with all that belongs to them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import torch
from PIL import ExifTags, Image
from torch import Tensor

from sr_experiments.errors import ImageError
from sr_experiments.files import whole_file
from sr_experiments.imaging.deep import write_deep_tiff
from sr_experiments.imaging.photo import Photo
from sr_experiments.imaging.png import PngWriter

#: Endings that are written, and the formats they stand for.
WRITTEN = {
    **{".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"},
    **{".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP"},
}
_LONGEST = {"PNG": 2**31 - 1, "JPEG": 65_500, "TIFF": 2**31 - 1, "WEBP": 16_383}  # sides in pixels
_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True},
    "TIFF": {"compression": "tiff_adobe_deflate"},
}
_MAKER_NOTE = 0x927C

WriteRows = Callable[[Tensor], None]


def losses(path: Path, photo: Photo) -> list[str]:
    """What the format of a file cannot hold of a photograph, in words."""
    kind, lost = WRITTEN[path.suffix.lower()], []
    if photo.alpha is not None and kind == "JPEG":
        lost.append("no transparency")
    if photo.colour.dtype == torch.uint16 and kind in ("JPEG", "WEBP"):
        lost.append("8 of 16 bits")
    return lost


def holds_alpha(path: Path) -> bool:
    """Whether the format of a file has transparency."""
    return WRITTEN[path.suffix.lower()] != "JPEG"


def holds_16_bits(path: Path) -> bool:
    """Whether the format of a file has 16 bits per channel."""
    return WRITTEN[path.suffix.lower()] in ("PNG", "TIFF")


@contextmanager
def photo_file(path: Path, photo: Photo, size: tuple[int, int]) -> Iterator[WriteRows]:
    """A file that takes its name when all rows are written; it gets the photograph's EXIF and ICC.

    PNG is written as the rows come; the other formats keep them until the end.

    Args:
        path: its ending names the format, one of `WRITTEN`.
        photo: what the result was made of.
        size: height and width of the result.

    Yields:
        A function that takes rows from the top, uint8 or uint16 [1 to 4, n, width].

    Raises:
        ImageError: the format does not hold as many pixels.
        OSError: it cannot be written.
    """
    kind = WRITTEN[path.suffix.lower()]
    if max(size) > _LONGEST[kind]:
        raise ImageError(
            f"{path}: {kind} holds at most {_LONGEST[kind]:,} pixels a side, not {size[1]:,} x "
            f"{size[0]:,}; choose png or tif"
        )
    with whole_file(path) as file:
        if kind == "PNG":
            yield from _png_rows(file, photo, size)
        else:
            rows: list[Tensor] = []
            yield rows.append
            _save(file, kind, torch.cat(rows, dim=1), photo)


def _png_rows(file: BinaryIO, photo: Photo, size: tuple[int, int]) -> Iterator[WriteRows]:
    exif = photo.exif.tobytes().removeprefix(b"Exif\0\0") if len(photo.exif) else b""
    writer: PngWriter | None = None

    def write(rows: Tensor) -> None:
        nonlocal writer
        if writer is None:
            writer = PngWriter(file, size, len(rows), 8 * rows.itemsize, exif, photo.icc)
        writer.write(rows)

    yield write
    assert writer is not None
    writer.close()


def _save(file: BinaryIO, kind: str, pixels: Tensor, photo: Photo) -> None:
    if pixels.dtype == torch.uint16 and (len(pixels) > 1 or kind != "TIFF"):
        write_deep_tiff(file, pixels, photo.exif, photo.icc)
        return
    array = (pixels[0] if len(pixels) == 1 else pixels.permute(1, 2, 0)).contiguous().numpy()
    options = dict(_OPTIONS[kind])
    if photo.icc:
        options["icc_profile"] = photo.icc
    exif = photo.exif
    if kind == "TIFF" and ExifTags.IFD.Exif in exif:  # which libtiff cannot write
        del options["compression"]
    if kind == "JPEG" and len(exif.tobytes()) > 65_000:  # what one segment holds
        exif.get_ifd(ExifTags.IFD.Exif).pop(_MAKER_NOTE, None)
    Image.fromarray(array).save(file, kind, exif=exif, **options)

"""Photographs with all that belongs to them: 8 or 16 bits, transparency, EXIF, profile."""

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError
from torch import Tensor

from sr_experiments.errors import ImageError
from sr_experiments.imaging.deep import is_deep, read_deep
from sr_experiments.imaging.io import FORMATS, fits_in_memory, most_pixels, open_image

_MODES = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr", "CMYK"}
# Of the first directory of a TIFF file, most entries say where its pixels lie.
_DESCRIBING = {
    *(270, 271, 272, 282, 283, 296, 305, 306, 315, 316, 18246, 33432),
    *range(0x9C9B, 0x9CA0),  # titles and comments of Windows
}
_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
_SIZES = (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight)


@dataclass(frozen=True)
class Photo:
    """An upright image.

    Attributes:
        colour: uint8 or uint16 [1 or 3, H, W], gray or RGB.
        alpha: [1, H, W] of the same dtype; None: opaque.
        exif: what the file says about the photograph, without orientation, size and thumbnail.
        icc: the profile that the colours are in; empty: none.
    """

    colour: Tensor
    alpha: Tensor | None = None
    exif: Image.Exif = field(default_factory=Image.Exif)
    icc: bytes = b""


def load_photo(path: Path) -> Photo:
    """Reads a photograph, upright, at its depth.

    Palettes are expanded, and CMYK is converted to sRGB, by its profile if it has one.

    Raises:
        ImageError: the file is missing, broken, too large, animated, or of a kind that has no one
            meaning here, as 32 bits per channel.
        OutOfMemoryError: it does not fit into memory.
    """
    try:
        with fits_in_memory(path), open_image(path) as file:
            deep = is_deep(file)  # before Pillow loads PNG files to look for EXIF data
            _check(path, file)
            exif, icc = describing(file), file.info.get("icc_profile") or b""
            turn = file.getexif().get(ExifTags.Base.Orientation, 1)
            if deep:
                return _apart(upright(read_deep(path, file), turn), exif, icc)
            file.load()  # which turns TIFF files itself
            image: Image.Image = file
            if file.getexif().get(ExifTags.Base.Orientation, 1) != 1:
                image = ImageOps.exif_transpose(file)
            if image.mode == "CMYK":
                return _apart(_tensor(_to_srgb(image, icc)), exif, b"")
            return _apart(_tensor(_plain(image)), exif, icc)
    except FileNotFoundError:
        raise ImageError(f"{path}: no such image file") from None
    except IsADirectoryError:
        raise ImageError(f"{path}: is a folder, no image") from None
    except UnidentifiedImageError:
        problem = "is empty" if path.stat().st_size == 0 else "broken or not an image"
        known = ", ".join(sorted(set(FORMATS.values())))
        raise ImageError(f"{path}: {problem}; the formats are {known}") from None
    except (OSError, SyntaxError, ValueError, RuntimeError, EOFError) as error:
        reason = " ".join(str(error).split())
        raise ImageError(f"{path}: broken or not an image ({reason})") from None


def describing(file: Image.Image) -> Image.Exif:
    """The EXIF data that hold for another image of the same scene too."""
    theirs, ours = file.getexif(), Image.Exif()
    of_pixels = file.format == "TIFF"
    for tag, value in theirs.items():
        if tag in _DIRECTORIES or tag == ExifTags.Base.Orientation:
            continue
        if not of_pixels or tag in _DESCRIBING:
            ours[tag] = value
    for directory in _DIRECTORIES:
        entries = {k: v for k, v in theirs.get_ifd(directory).items() if k not in _SIZES}
        if entries:
            ours.get_ifd(directory).update(entries)
    if len(ours):
        ours.load(ours.tobytes())  # or TIFF files would get no directories
    return ours


def upright(image: Tensor, orientation: int) -> Tensor:
    """Turns [..., H, W] as the orientation 1 to 8 of EXIF says; others leave it."""
    if orientation in (2, 4, 5, 7):
        image = image.flip(-1)
    turns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return image.rot90(turns, (-2, -1)).contiguous() if turns else image.contiguous()


def _check(path: Path, file: Image.Image) -> None:
    limit, frames = most_pixels(), getattr(file, "n_frames", 1)
    if file.width * file.height > limit:
        raise ImageError(
            f"{path}: has {file.width} x {file.height} = {file.width * file.height:,} pixels; at "
            f"most {limit:,} are read, since small files may claim to be huge; if you trust it, "
            "raise the limit in the environment, as in SR_MAX_PIXELS=1000000000"
        )
    if frames > 1 and file.format != "MPO":  # a photograph with previews
        raise ImageError(f"{path}: has {frames} frames or pages; only single images are restored")
    if not is_deep(file) and file.mode not in _MODES:
        raise ImageError(
            f"{path}: has pixel format {file.mode}; expected 8 or 16 bits per channel of gray or "
            "RGB, so convert it first"
        )


def _plain(image: Image.Image) -> Image.Image:
    """The image in mode L, LA, RGB or RGBA."""
    alpha = image.has_transparency_data
    gray = image.mode in ("1", "L", "LA", "La")
    mode = ("LA" if alpha else "L") if gray else ("RGBA" if alpha else "RGB")
    return image if image.mode == mode else image.convert(mode)


def _to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    if icc:
        try:
            theirs = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            ours = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, theirs, ours, outputMode="RGB")
            assert converted is not None
            return converted
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile is none
    return image.convert("RGB")


def _tensor(image: Image.Image) -> Tensor:
    pixels = torch.from_numpy(np.array(image))
    return pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1).contiguous()


def _apart(pixels: Tensor, exif: Image.Exif, icc: bytes) -> Photo:
    """Separates transparency, which has the last of 2 or 4 channels."""
    if pixels.shape[0] in (2, 4):
        return Photo(pixels[:-1], pixels[-1:], exif, icc)
    return Photo(pixels, None, exif, icc)

"""Looks for mistakes in sets of images before they cost a training run."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from sr_experiments.data.builder import Variant
from sr_experiments.data.index import Entry
from sr_experiments.errors import ImageError

_SHOWN = 5


def _names(entries: Sequence[str]) -> str:
    more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
    return ", ".join(entries[:_SHOWN]) + more


def check_sizes(entries: Sequence[Entry], variant: Variant, least: int) -> None:
    """Checks that each input image holds a patch.

    Raises:
        ImageError: names those that are too small.
    """
    small = []
    for entry, (_, height, width) in zip(entries, variant.shapes(entries), strict=True):
        if height < least or width < least:
            small.append(f"{entry.path} ({entry.width} x {entry.height})")
    if small:
        raise ImageError(
            f"too small for a patch of {least} pixels at scale {float(variant.ratio):g}: "
            f"{_names(small)}; remove them or set a smaller patches.size"
        )


def pair_up(originals: Sequence[Entry], small: Sequence[Entry], scale: float) -> list[Entry]:
    """The low-resolution image of each original: 0001x2.png or 0001.png for 0001.png.

    Raises:
        ImageError: one is missing, or not smaller by the scale; names them.
    """
    suffix = re.compile(rf"[_-]?x{scale:g}$", re.IGNORECASE)
    by_stem = {suffix.sub("", Path(entry.path).stem): entry for entry in small}
    missing = [e.path for e in originals if Path(e.path).stem not in by_stem]
    if missing:
        raise ImageError(
            f"no low-resolution image for {_names(missing)}; expected a file of the same name, "
            f"with or without x{scale:g} at its end, in data.low_resolution"
        )
    pairs = [by_stem[Path(e.path).stem] for e in originals]
    wrong = [
        f"{s.path} is {s.width} x {s.height}, not {int(e.width // scale)} x "
        f"{int(e.height // scale)}"
        for e, s in zip(originals, pairs, strict=True)
        if (s.height, s.width) != (e.height // scale, e.width // scale)
    ]
    if wrong:
        raise ImageError(
            f"low-resolution images that are not {scale:g} times smaller than their originals: "
            f"{_names(wrong)}; name the folder for this scale in data.low_resolution"
        )
    return pairs


def find_doubts(
    training: Sequence[Entry], tests: Mapping[str, Sequence[Entry]], channels: int
) -> list[str]:
    """What may be meant, but mostly is not: leaks from test sets, and gray images for colour.

    Args:
        training: the training images.
        tests: the images of each benchmark set.
        channels: 1 = Y, 3 = RGB.

    Returns:
        One line per doubt, with the way to mend it.
    """
    doubts = []
    seen = {entry.digest: entry.path for entry in training}
    for name, entries in tests.items():
        leaks = [f"{e.path} = {seen[e.digest]}" for e in entries if e.digest in seen]
        if leaks:
            doubts.append(
                f"{len(leaks)} of {len(entries)} images of the test set {name} are training "
                f"images too, pixel by pixel, so that its scores mean nothing: {_names(leaks)}; "
                "remove them from data.train or leave the set out of data.val and data.test"
            )
    gray = [entry.path for entry in training if entry.channels < channels]
    if gray:
        doubts.append(
            f"{len(gray)} of {len(training)} training images are gray, for a network for colour: "
            f"{_names(gray)}; remove them from data.train or set model.in_channels=1"
        )
    return doubts

"""Looks for mistakes in sets of images before they cost a training run."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from sr_experiments.data.index import ImageInfo
from sr_experiments.data.store.spec import StoreSpec
from sr_experiments.errors import ImageError

_SHOWN = 5


def _names(entries: Sequence[str]) -> str:
    more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
    return ", ".join(entries[:_SHOWN]) + more


def check_sizes(entries: Sequence[ImageInfo], spec: StoreSpec, min_size: int) -> None:
    """Checks that each input image holds a patch.

    Args:
        entries: the images.
        spec: what is made of them.
        min_size: smallest side in pixels.

    Raises:
        ImageError: names those that are too small.
    """
    small = []
    for entry, (_, height, width) in zip(entries, spec.shapes(entries), strict=True):
        if height < min_size or width < min_size:
            small.append(f"{entry.path} ({entry.width} x {entry.height})")
    if small:
        raise ImageError(
            f"too small for a patch of {min_size} pixels at scale {float(spec.ratio):g}: "
            f"{_names(small)}; remove them or set a smaller patches.size"
        )


def pair_up(
    originals: Sequence[ImageInfo], small: Sequence[ImageInfo], scale: float
) -> list[ImageInfo]:
    """The low-resolution image of each original: 0001x2.png or 0001.png for 0001.png.

    Where a name occurs in several folders, the folders below the common one must agree too:
    ``LR/b/0001x2.png`` for ``HR/b/0001.png``.

    Args:
        originals: the originals.
        small: the low-resolution images.
        scale: how many times smaller these are.

    Raises:
        ImageError: one is missing, has no one partner, or is not smaller by the scale; names them.
    """
    by_stem = _by_stem(small, scale)
    paths = {entry.path for entry in originals}
    missing = [e.path for e in originals if Path(e.path).stem not in by_stem]
    if missing:
        raise ImageError(
            f"no low-resolution image for {_names(missing)}; expected a file of the same name, "
            f"with or without x{scale:g} at its end, in data.low_resolution"
        )
    partners = _partners(paths, by_stem, small)
    pairs = [partners[e.path] for e in originals]
    _check_ratio(originals, pairs, scale)
    return pairs


def any_partner(originals: Sequence[ImageInfo], small: Sequence[ImageInfo], scale: float) -> bool:
    """Whether low-resolution images of that name exist for any of the originals.

    Args:
        originals: the originals.
        small: the low-resolution images.
        scale: how many times smaller these are.
    """
    by_stem = _by_stem(small, scale)
    return any(Path(entry.path).stem in by_stem for entry in originals)


def _by_stem(small: Sequence[ImageInfo], scale: float) -> dict[str, dict[str, ImageInfo]]:
    suffix = re.compile(rf"[_-]?x{scale:g}$", re.IGNORECASE)
    by_stem: dict[str, dict[str, ImageInfo]] = defaultdict(dict)
    for entry in small:
        for stem in (Path(entry.path).stem, suffix.sub("", Path(entry.path).stem)):
            by_stem[stem][entry.path] = entry
    return by_stem


def _partners(
    paths: Collection[str],
    by_stem: Mapping[str, Mapping[str, ImageInfo]],
    small: Sequence[ImageInfo],
) -> dict[str, ImageInfo]:
    """The one partner of each path, by its name or by its name and folders."""
    namesakes = Counter(Path(path).stem for path in paths)
    folder, small_folder = _below_common(paths), _below_common({e.path for e in small})
    partners = {}
    for path in paths:
        stem = Path(path).stem
        found = list(by_stem[stem].values())
        if len(found) > 1 or namesakes[stem] > 1:
            found = [e for e in found if small_folder[e.path] == folder[path]]
        partners[path] = found
    shared = Counter(e.path for found in partners.values() for e in found)
    unclear = [p for p, found in partners.items() if len(found) != 1 or shared[found[0].path] > 1]
    if unclear:
        raise ImageError(
            f"no one low-resolution image for {_names(sorted(unclear))}: files of the same name "
            "are told apart by the folders above them; give data.low_resolution the same folders "
            "as the originals, one file for each"
        )
    return {path: found[0] for path, found in partners.items()}


def _below_common(paths: Collection[str]) -> dict[str, str]:
    """The folder of each file, relative to the one that holds all of them."""
    parents = {path: os.path.dirname(path) for path in paths}  # noqa: PTH120
    common = os.path.commonpath(parents.values()) if parents else ""
    return {path: os.path.relpath(parent, common) for path, parent in parents.items()}


def _check_ratio(originals: Sequence[ImageInfo], pairs: Sequence[ImageInfo], scale: float) -> None:
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


def find_issues(
    training: Sequence[ImageInfo],
    tests: Mapping[str, Sequence[ImageInfo]],
    channels: int,
    named: Collection[str] = (),
) -> list[str]:
    """What may be meant, but mostly is not: leaks from test sets, and gray images for colour.

    Args:
        training: the training images.
        tests: the images of each benchmark set.
        channels: 1 = Y, 3 = RGB.
        named: paths that were named one by one: if they are gray, that is meant.

    Returns:
        One line per issue, with the way to fix it.
    """
    issues = []
    seen = {entry.digest: entry.path for entry in training}
    for name, entries in tests.items():
        leaks = [f"{e.path} = {seen[e.digest]}" for e in entries if e.digest in seen]
        if leaks:
            issues.append(
                f"{len(leaks)} of {len(entries)} images of the test set {name} are training "
                f"images too, pixel by pixel, so that its scores mean nothing: {_names(leaks)}; "
                "remove them from data.train or leave the set out of data.val and data.test"
            )
    gray = [entry.path for entry in training if entry.channels < channels]
    gray = [path for path in gray if path not in named]
    if gray:
        issues.append(
            f"{len(gray)} of {len(training)} training images are gray, for a network for colour: "
            f"{_names(gray)}; remove them from data.train or set model.in_channels=1"
        )
    return issues

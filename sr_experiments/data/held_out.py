"""Validation images that are taken out of a training set."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from sr_experiments.data.image_set import ImageSet
from sr_experiments.data.index import index_images
from sr_experiments.errors import ImageError

#: Name of the set, as it stands in metric names.
HELD_OUT = "held_out"
_LARGEST_SHARE = 4  # at most every fourth image, so that a small folder keeps something to learn


def hold_out(images: ImageSet, count: int) -> tuple[ImageSet, ImageSet]:
    """Splits a training set into what is learned from and what is held out for validation.

    The choice goes by the names of the files, so that it is the same on every machine and hardly
    changes when images are added.

    Args:
        images: the training images.
        count: images to hold out; a quarter of them is held out at most, and one at least.

    Returns:
        The images that stay, and the held-out ones, both in their order.

    Raises:
        ImageError: there is one image alone.
    """
    if len(images.files) < 2:
        raise ImageError(
            f"data.held_out={count}: there is one training image alone ({images.files[0]}); add "
            "images to data.train, or set data.held_out=0 and name others in data.val"
        )
    count = min(count, max(1, len(images.files) // _LARGEST_SHARE))
    chosen = set(sorted(images.files, key=_rank)[:count])
    kept = tuple(file for file in images.files if file not in chosen)
    held = tuple(file for file in dict.fromkeys(images.files) if file in chosen)
    return ImageSet(images.name, kept), ImageSet(HELD_OUT, held)


def count_shared(some: Sequence[ImageSet], others: Sequence[ImageSet], cache: Path) -> int:
    """How many images of ``others`` are among ``some`` too, pixel by pixel."""
    of_some, of_others = (
        [entry.digest for entry in index_images([f for s in sets for f in s.files], cache)]
        for sets in (some, others)
    )
    known = set(of_some)
    return sum(digest in known for digest in of_others)


def _rank(file: str) -> tuple[str, str]:
    return hashlib.sha256(Path(file).name.encode()).hexdigest(), file

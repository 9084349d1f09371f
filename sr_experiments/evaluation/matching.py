"""Pictures of any program and their originals, brought together by the names of their files."""

import re
from pathlib import Path

from rich.table import Table

from sr_experiments import files
from sr_experiments.errors import ConfigError
from sr_experiments.evaluation.protocol import Protocol
from sr_experiments.evaluation.score import Score
from sr_experiments.evaluation.table import about
from sr_experiments.imaging import list_images
from sr_experiments.runs.run_files import RESULTS
from sr_experiments.terminal import print_table

_ORIGINAL = re.compile(r"[_\-. ](hr|gt|orig|original|target)$")


def match_images(images: Path, reference: Path) -> tuple[list[tuple[Path, Path]], list[str]]:
    """Pairs of a picture and its original.

    An original's name, without ``_HR`` and the like, is the picture's, or its beginning: that of
    ``baby_x2_SR.png`` is ``baby.png`` or ``baby_HR.bmp``. Of several the longest counts.

    Args:
        images: a folder of results.
        reference: a folder of originals.

    Returns:
        The pairs in the order of their names, and a line for each kind of file without a partner.

    Raises:
        ConfigError: no picture has an original, or two pictures have the same.
        ImageError: a folder is missing or holds no image.
    """
    results, originals = list_images(images), list_images(reference)
    by_name = {_ORIGINAL.sub("", path.stem.lower()): path for path in originals}
    pairs: list[tuple[Path, Path]] = []
    alone: list[Path] = []
    for result in results:
        stem = _ORIGINAL.sub("", result.stem.lower())
        fitting = [name for name in by_name if _begins(stem, name)]
        if fitting:
            pairs.append((result, by_name[max(fitting, key=len)]))
        else:
            alone.append(result)
    if not pairs:
        raise ConfigError(
            f"images: none of the {len(results)} in {images} has an original of its name in "
            f"{reference}; {results[0].name} would want {results[0].stem}.* there, as "
            f"{originals[0].name} lies there; names may go on, as {originals[0].stem}_x2.png"
        )
    taken: dict[Path, Path] = {}
    for result, original in pairs:
        if other := taken.get(original):
            raise ConfigError(
                f"images: {other.name} and {result.name} have the same original, {original.name}; "
                "give a folder with one result of each"
            )
        taken[original] = result
    lines = _listed("without an original, not scored", alone)
    return pairs, lines + _listed("without a result", [p for p in originals if p not in taken])


def save_image_scores(
    result: Score, method: str, protocol: Protocol, scale: float | None, folder: Path
) -> None:
    """Prints the scores of each picture and their means, and writes them as CSV.

    Args:
        result: the scores.
        method: what the pictures are called.
        protocol: how they were compared.
        scale: of the pictures, if it was given.
        folder: gets ``per_image.csv`` and ``results.csv``.
    """
    table = Table("image", "PSNR", "SSIM")
    for name, psnr, ssim in result.per_image:
        table.add_row(name, f"{psnr:.3f}", f"{ssim:.4f}")
    table.add_section()
    table.add_row(f"mean of {len(result.per_image)}", f"{result.psnr:.3f}", f"{result.ssim:.4f}")
    print(result.protocol)
    print_table(table)
    named = {"method": method, "scale": scale}
    lines = [
        {**named, "image": name, "psnr": psnr, "ssim": ssim, **about(protocol)}
        for name, psnr, ssim in result.per_image
    ]
    files.write_table(folder / "per_image.csv", lines)
    mean = {"images": len(lines), "psnr": result.psnr, "ssim": result.ssim}
    files.write_table(folder / RESULTS, [{**named, **mean, **about(protocol)}])
    print(f"run folder: {folder}")


def _begins(stem: str, name: str) -> bool:
    """Whether a picture's name is an original's, or goes on after it with another word."""
    rest = stem.removeprefix(name)
    return stem.startswith(name) and (not rest or not rest[0].isalnum() or bool(_SCALE.match(rest)))


_SCALE = re.compile(r"x\d")  # as of DIV2K: 0801x2.png


def _listed(what: str, paths: list[Path]) -> list[str]:
    """A line that names files, the first twenty of many."""
    if not paths:
        return []
    more = f" and {len(paths) - 20} more" if len(paths) > 20 else ""
    return [f"{len(paths)} {what}: {', '.join(p.name for p in paths[:20])}{more}"]

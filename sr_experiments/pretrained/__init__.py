"""Weights that come with the package: a ``NAME.safetensors`` of ``export.py`` and its card each.

There is no list of them beside the files: what ``weights=NAME`` can name is what lies here.
"""

from pathlib import Path

from sr_experiments.errors import CheckpointError

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The names that ``weights=`` knows, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.safetensors"))


def pretrained_file(name: str) -> Path:
    """The file of shipped weights.

    Args:
        name: one of :func:`names`, or the beginning of exactly one, as "vdsr" of "vdsr10_x2".

    Raises:
        CheckpointError: there is none of this name, or several begin like this.
    """
    known = names()
    found = [name] if name in known else [each for each in known if each.startswith(name)]
    if len(found) == 1:
        return FOLDER / f"{found[0]}.safetensors"
    listed = ", ".join(known) or "none"
    why = "names several weights that come with the package" if found else "no such file"
    raise CheckpointError(
        f"{name}: {why}; with the package come: {listed}; else give a run folder, a checkpoint, a "
        ".pth or .safetensors file, or bicubic"
    )


def is_name(weights: str) -> bool:
    """Whether a value of ``weights=`` looks like a name and not like a path."""
    return bool(weights) and not Path(weights).suffix and "/" not in weights and "\\" not in weights

"""The same cut of an image from every variant."""

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from sr_experiments.report.content import Picture, Tile
from sr_experiments.report.inputs import Variant
from sr_experiments.runs.read import Run

_MOST = 4
_BYTES = 1_200_000
_REFERENCES = {"lr": "LR", "bicubic": "bicubic", "original": "original"}


def make_pictures(variants: Sequence[Variant]) -> tuple[list[Picture], list[str]]:
    """Up to four pictures of the first finished run of each variant, and notes on others."""
    chosen = [(variant, variant.finished[0]) for variant in variants if variant.finished]
    stems = dict.fromkeys(
        path.name.removesuffix(".model.png")
        for _, run in chosen
        for path in sorted(_folder(run).glob("*.model.png"))
    )
    pictures: list[Picture] = []
    notes: list[str] = []
    left, skipped = _BYTES, 0
    for stem in stems:
        if len(pictures) == _MOST:
            break
        picture = _picture(stem, chosen, notes)
        if picture is None:
            continue
        size = sum(len(tile["src"]) for tile in picture["tiles"])
        if size > left:
            skipped += 1
            continue
        left -= size
        pictures.append(picture)
    if skipped:
        many = f"{skipped} pictures are" if skipped > 1 else "1 picture is"
        notes.append(f"{many} left out to keep the report small; see images/tiles of the runs.")
    return pictures, notes


def _picture(stem: str, chosen: Sequence[tuple[Variant, Run]], notes: list[str]) -> Picture | None:
    """The picture of this name; None where its original is missing."""
    tiles: list[Tile] = []
    size = (0, 0)
    for kind, name in _REFERENCES.items():
        if kind == "lr" and stem.endswith("_x1"):  # of the same size: the next tile once more
            continue
        for _, run in chosen:
            found = _tile(run, f"{stem}.{kind}.png", name, notes)
            if found:
                tiles.append(found[0])
                size = found[1] if kind == "original" else size
                break
    made = [_tile(run, f"{stem}.model.png", variant.name, notes) for variant, run in chosen]
    results = [found[0] for found in made if found]
    if not results or size == (0, 0):
        return None
    *inputs, original = tiles
    title = " ".join(stem.split("_"))
    return Picture(title=title, width=size[0], height=size[1], tiles=[*inputs, *results, original])


def _tile(run: Run, file: str, name: str, notes: list[str]) -> tuple[Tile, tuple[int, int]] | None:
    """A tile with its width and height; None where there is no such file."""
    path = _folder(run) / file
    try:
        content = path.read_bytes()
        with Image.open(io.BytesIO(content)) as image:
            image.verify()
            size = image.size
    except FileNotFoundError:
        return None
    except (OSError, SyntaxError, UnidentifiedImageError) as error:
        notes.append(f"{path} cannot be shown: {error}.")
        return None
    method, _, score = _captions(run).get(file, "").partition("\n")
    # What stands for bicubic interpolation is named by the run: noise has none.
    name = method if name == _REFERENCES["bicubic"] and method else name
    src = f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"
    return Tile(name=name, caption=score if score.strip()[:1].isdigit() else "", src=src), size


def _captions(run: Run) -> dict[str, str]:
    try:
        content = json.loads((_folder(run) / "tiles.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in content.items()} if isinstance(content, dict) else {}


def _folder(run: Run) -> Path:
    return run.folder / "images" / "tiles"

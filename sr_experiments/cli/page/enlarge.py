"""What the page does with a picture: restores it, beside bicubic interpolation and an original."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sr_experiments.cli.commands.predict import chosen_scale, make_restorer, restore_photo
from sr_experiments.cli.config.check import Config
from sr_experiments.cli.photos import Job, count_pixels
from sr_experiments.errors import ImageError, UserError
from sr_experiments.evaluation.score import score
from sr_experiments.imaging import load_image
from sr_experiments.inference.bicubic import Bicubic
from sr_experiments.models import Network

#: Is told which share of a picture is done, from 0 to 1.
OnProgress = Callable[[float], None]
#: Loads weights: a network in eval mode and the configuration that it needs.
LoadWeights = Callable[[str], tuple[Network, Config]]
_PROTOCOL = "rgb8"  # results are uint8 RGB files


class Upload(NamedTuple):
    """A file that was given to the page."""

    name: str
    content: bytes


class Request(NamedTuple):
    """What is to become of a picture.

    Attributes:
        picture: the picture.
        original: what the result is compared with; None: nothing.
        weights: which of those that the page offers.
        scale: how many times larger; None: the one scale that the weights are made for.
        ensemble: whether to average over eight flips and turns.
    """

    picture: Upload
    original: Upload | None
    weights: str
    scale: float | None
    ensemble: bool


class Result(NamedTuple):
    """PNG files, and what there is to say of them.

    Attributes:
        given: the picture itself, upright.
        bicubic: the picture enlarged by bicubic interpolation.
        restored: the picture restored by the network.
        words: both sizes, and remarks.
        scores: a line for each of the two, of PSNR and SSIM; empty without an original.
    """

    given: bytes
    bicubic: bytes
    restored: bytes
    words: str
    scores: list[str]


class Enlarger:
    """Restores a picture at a time; nothing stays on the disk.

    Args:
        load: loads weights; the last ones stay in memory.
        most_pixels: of a result.
    """

    def __init__(self, load: LoadWeights, most_pixels: float) -> None:
        self.load = load
        self.most_pixels = most_pixels
        self._loaded: tuple[str, Network, Config] | None = None

    def __call__(self, request: Request, advance: OnProgress) -> Result:
        """Restores a picture.

        Args:
            request: which, and how.
            advance: is told how far it is.

        Raises:
            UserError: a file is no picture, the result is too large, the weights do not fit.
        """
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            names = {str(folder / "picture"): request.picture.name}
            if request.original:
                names[str(folder / "original")] = request.original.name
            try:
                result = self._restore(request, folder, advance)
            except UserError as error:
                raise UserError(_named(str(error), names)) from None
            scores = [_named(line, names) for line in result.scores]
            return result._replace(words=_named(result.words, names), scores=scores)

    def _restore(self, request: Request, folder: Path, advance: OnProgress) -> Result:
        network, config = self._network(request.weights)
        config = {**config, "ensemble": request.ensemble}
        scale = chosen_scale(network, request.scale)
        source = folder / "picture"
        source.write_bytes(request.picture.content)
        pixels = count_pixels(source)
        if pixels * scale**2 > self.most_pixels:
            raise ImageError(
                f"{source}: the result would have {pixels * scale**2 / 1e6:.1f} megapixels; at "
                f"most {self.most_pixels / 1e6:g} are made here: choose a smaller scale or "
                "picture, or use predict.py"
            )
        original = None
        if request.original:
            original = folder / "original"
            original.write_bytes(request.original.content)
            load_image(original)  # so that what is broken is said at once
        given, bicubic, restored = (folder / f"{n}.png" for n in ("given", "bicubic", "restored"))
        done = 0

        def count(part: int) -> None:
            nonlocal done
            done += part
            advance(done / pixels)

        restorer = make_restorer(network, config, scale)
        words = restore_photo(Job(source, restored, pixels), restorer, count)
        for target, times in ((given, 1.0), (bicubic, scale)):
            restorer = make_restorer(Bicubic((1,)), {**config, "ensemble": False}, times)
            restore_photo(Job(source, target, pixels), restorer, lambda _: None)
        results = {"bicubic": bicubic, request.weights: restored}
        scores = _scores(results, original, scale) if original else []
        words = words.replace(str(restored), str(source))
        return Result(
            given.read_bytes(), bicubic.read_bytes(), restored.read_bytes(), words, scores
        )

    def _network(self, weights: str) -> tuple[Network, Config]:
        if self._loaded is None or self._loaded[0] != weights:
            self._loaded = None  # before others take its place
            self._loaded = (weights, *self.load(weights))
        return self._loaded[1:]


def _scores(results: dict[str, Path], original: Path, scale: float) -> list[str]:
    """PSNR and SSIM of each result in a line, or one that says why there are none."""
    lines = []
    try:
        for name, file in results.items():
            found = score(file, original, _PROTOCOL, scale)
            lines.append(f"{name}: {found.psnr:.2f} dB, SSIM {found.ssim:.4f}")
    except ImageError:
        ours, theirs = (" x ".join(map(str, load_image(f).shape[:0:-1])) for f in (file, original))
        return [f"{original}: has {theirs} pixels, the result {ours}: they cannot be compared"]
    return lines


def _named(text: str, names: dict[str, str]) -> str:
    """A text with the names of the uploads in place of those of the files."""
    for path, name in names.items():
        text = text.replace(path, name)
    return text

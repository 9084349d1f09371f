"""Single-image super-resolution: networks, MATLAB-exact resizing, published scores, runs as tables.

What stands in ``__all__`` is imported at its first use, so that ``import sr_experiments`` itself
takes no time.

>>> import sr_experiments as sr
>>> network = sr.load("vdsr")  # comes with the package; or a run folder, a checkpoint, ...
>>> small = sr.load_image("photo.png")  # uint8 [3, H, W]
>>> large = sr.Upscaler(network)(small[None].float(), scale=2)  # 0..255, not rounded
>>> sr.save_image(sr.quantise(large)[0].byte(), "large.png")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sr_experiments.cli.load import load
    from sr_experiments.evaluation.score import Score, score
    from sr_experiments.imaging import imresize, load_image, quantise, save_image
    from sr_experiments.inference import Upscaler
    from sr_experiments.models import (
        EDSR,
        HRAN,
        RCAN,
        SRCNN,
        VDSR,
        DnCNN,
        MSRResNet,
        Network,
        REDNet,
        SRResNet,
    )
    from sr_experiments.runs import load_curves, load_runs

__all__ = [
    "EDSR",
    "HRAN",
    "RCAN",
    "SRCNN",
    "VDSR",
    "DnCNN",
    "MSRResNet",
    "Network",
    "REDNet",
    "SRResNet",
    "Score",
    "Upscaler",
    "imresize",
    "load",
    "load_curves",
    "load_image",
    "load_runs",
    "quantise",
    "save_image",
    "score",
]

_HOMES = {
    "Score": "evaluation.score",
    "Upscaler": "inference",
    "imresize": "imaging",
    "load": "cli.load",
    "load_curves": "runs",
    "load_image": "imaging",
    "load_runs": "runs",
    "quantise": "imaging",
    "save_image": "imaging",
    "score": "evaluation.score",
}


def __getattr__(name: str) -> Any:
    """Imports a public name at its first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'models')}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

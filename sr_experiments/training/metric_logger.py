"""A W&B logger that says of each metric against what it is drawn, and which value sums it up."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.utilities import rank_zero_only

#: The line that val/psnr is drawn against.
BICUBIC = "val/bicubic"
_LESS_IS_BETTER = ("loss", "lpips", "dists", "features")


class MetricLogger(WandbLogger):
    """Lightning's logger, whose metrics are defined before they are logged for the first time."""

    @cached_property
    def _defined(self) -> set[str]:
        return set()

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Logs a row; ``epoch`` and ``trainer/global_step`` stand in it, for other axes."""
        if {"val/psnr", "val/gain"} <= metrics.keys():
            metrics = {**metrics, BICUBIC: metrics["val/psnr"] - metrics["val/gain"]}
        # By their full names: of several patterns that match, W&B takes any.
        for name in sorted(metrics.keys() - self._defined):
            self._defined.add(name)
            if arguments := definition(name):
                self.experiment.define_metric(name, **arguments)
        super().log_metrics(metrics, step)


def definition(name: str) -> dict[str, Any] | None:
    """The arguments of ``define_metric`` for a metric; None where W&B's own will do.

    Scores of validation are drawn against epochs and summed up by the best and the last value,
    losses against steps by the least and the last. Of others W&B keeps the last value, as it is.
    """
    stage, _, rest = name.partition("/")
    falls = rest.rpartition("/")[2].startswith(_LESS_IS_BETTER)
    if stage == "val":
        # Pictures have no best, and a reference does not change.
        best = {"summary": "min,last" if falls else "max,last"}
        return {"step_metric": "epoch", **({} if rest in ("panel", "bicubic") else best)}
    if stage == "train" and falls:
        return {"step_metric": "trainer/global_step", "summary": "min,last"}
    return None

"""No network at all: bicubic interpolation, to be scored alone."""

from collections.abc import Sequence

from sr_experiments.models import Network


class Bicubic(Network):
    """Stands where a network stands; protocols enlarge for it as for their baseline.

    Args:
        scales: the scales that are scored.
    """

    def __init__(self, scales: Sequence[float]) -> None:
        super().__init__()
        self.in_channels = 3
        self.scales = tuple(scales)

"""Bicubic interpolation as the network that does nothing."""

from sr_experiments.models.network import Network


class Bicubic(Network):
    """The baseline of every table: returns its interpolated input."""

    in_channels = 1
    scales = ()

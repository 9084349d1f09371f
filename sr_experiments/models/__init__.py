"""Architectures, one per file."""

from sr_experiments.models.network import Network
from sr_experiments.models.srcnn import SRCNN
from sr_experiments.models.vdsr import VDSR

__all__ = ["SRCNN", "VDSR", "Network"]

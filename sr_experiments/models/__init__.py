"""Architectures, one per file."""

from sr_experiments.models.bicubic import Bicubic
from sr_experiments.models.edsr import EDSR
from sr_experiments.models.network import Network
from sr_experiments.models.rednet import REDNet
from sr_experiments.models.srcnn import SRCNN
from sr_experiments.models.vdsr import VDSR

__all__ = ["EDSR", "SRCNN", "VDSR", "Bicubic", "Network", "REDNet"]

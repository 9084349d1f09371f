"""Architectures, one per file."""

from sr_experiments.models.discriminator import Discriminator
from sr_experiments.models.dncnn import DnCNN
from sr_experiments.models.edsr import EDSR
from sr_experiments.models.hran import HRAN
from sr_experiments.models.msrresnet import MSRResNet
from sr_experiments.models.network import Network
from sr_experiments.models.rcan import RCAN
from sr_experiments.models.rednet import REDNet
from sr_experiments.models.srcnn import SRCNN
from sr_experiments.models.srresnet import SRResNet
from sr_experiments.models.vdsr import VDSR

__all__ = [
    "EDSR",
    "HRAN",
    "RCAN",
    "SRCNN",
    "VDSR",
    "Discriminator",
    "DnCNN",
    "MSRResNet",
    "Network",
    "REDNet",
    "SRResNet",
]

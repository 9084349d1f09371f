"""What a network costs, whatever it runs on."""

import copy

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from sr_experiments.models.layers import fold_whitening
from sr_experiments.models.network import Network

#: Height and width of the output that multiply-adds are counted for.
OUTPUT = (720, 1280)


def parameters(network: nn.Module) -> int:
    """Number of weights and biases."""
    return sum(p.numel() for p in network.parameters())


def multiply_adds(network: Network) -> int:
    """Multiply-adds for one 1280 x 720 output, counted on tensors without storage.

    Network Deconvolution is folded, as for inference.
    """
    empty = fold_whitening(copy.deepcopy(network).eval()).to("meta")
    factor = int(network.scales[0]) if network.upsamples else 1
    shape = (1, network.in_channels, *(side // factor for side in OUTPUT))
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        empty(torch.empty(shape, device="meta"))
    return int(counter.get_total_flops()) // 2

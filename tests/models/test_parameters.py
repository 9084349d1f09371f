"""The number of parameters, compared with the papers'."""

import pytest
from torch import nn

from sr_experiments.models import (
    EDSR,
    RCAN,
    SRCNN,
    VDSR,
    Discriminator,
    DnCNN,
    MSRResNet,
    REDNet,
    SRResNet,
)


def thousands(network: nn.Module) -> float:
    return sum(p.numel() for p in network.parameters()) / 1e3


@pytest.mark.parametrize(
    ("expected", "network"),
    [
        (8.1, lambda: SRCNN()),
        (24.5, lambda: SRCNN(kernels=(9, 3, 5))),
        (57.3, lambda: SRCNN(kernels=(9, 5, 5))),
        (665.9, lambda: VDSR()),
        (665.9, lambda: VDSR(conv="deconv")),
        (555.1, lambda: DnCNN()),
        (665.9, lambda: DnCNN(depth=20)),
        (296.6, lambda: REDNet(depth=10)),
        (665.9, lambda: REDNet(depth=20)),
        (1035.2, lambda: REDNet(depth=30)),
        (4134.8, lambda: REDNet(depth=30, channels=128)),
        (1369.9, lambda: EDSR((2,))),
        (1554.5, lambda: EDSR((3,))),
        (1517.6, lambda: EDSR((4,))),
        (1369.9, lambda: EDSR((2,), conv="deconv")),
        (1547.4, lambda: SRResNet()),
        (1517.6, lambda: MSRResNet()),
        (15444.6, lambda: RCAN((2,))),
        (15592.4, lambda: RCAN((4,))),
        (23563.6, lambda: Discriminator(96)),
    ],
)
def test_thousands_of_parameters(expected: float, network) -> None:
    assert thousands(network()) == pytest.approx(expected, abs=0.051)


@pytest.mark.parametrize(("scale", "millions"), [(2, 40.7), (3, 43.7), (4, 43.1)])
def test_full_edsr(scale: int, millions: float) -> None:
    network = EDSR((scale,), blocks=32, channels=256, res_scale=0.1)
    assert round(thousands(network) / 1e3, 1) == millions

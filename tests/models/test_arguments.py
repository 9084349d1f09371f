"""Impossible architectures are refused in one line."""

import pytest

from sr_experiments.models import (
    EDSR,
    HRAN,
    RCAN,
    SRCNN,
    VDSR,
    Discriminator,
    MSRResNet,
    REDNet,
    SRResNet,
)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: EDSR((2, 3)), "exactly one of 2, 3, 4, got \\[2, 3\\]"),
        (lambda: EDSR((5,)), "exactly one of 2, 3, 4"),
        (lambda: EDSR((2.5,)), "exactly one of 2, 3, 4"),
        (lambda: EDSR(blocks=0), "blocks must be at least 1, got 0"),
        (lambda: EDSR(channels=0), "channels must be at least 1"),
        (lambda: EDSR(in_channels=2), "in_channels must be 1 \\(Y\\) or 3 \\(RGB\\)"),
        (lambda: EDSR(channels=12, norm="group"), "12 channels do not split into 8 groups"),
        (lambda: EDSR(norm="layer"), "norm must be one of none, batch, group, deconv"),
        (lambda: EDSR(conv="fancy"), "conv must be one of plain, deconv"),
        (lambda: EDSR(where="tail"), "where must be one of body, all"),
        (lambda: EDSR(conv="deconv", norm="batch"), "got norm=batch"),
        (lambda: EDSR(conv="deconv", deconv={"block": 0}), "block"),
        (lambda: REDNet(depth=7), "depth must be an even number of at least 4, got 7"),
        (lambda: REDNet(depth=2), "depth must be an even number"),
        (lambda: REDNet(depth=10, skip_interval=5), "0 \\(none\\) to 4 at depth 10, got 5"),
        (lambda: REDNet(skip_interval=-1), "skip_interval"),
        (lambda: REDNet(stride=3), "stride must be 1 or 2"),
        (lambda: REDNet(channels=0), "channels must be at least 1"),
        (lambda: REDNet(scales=()), "scales"),
        (lambda: SRResNet((3, 4)), "exactly one of 2, 3, 4"),
        (lambda: SRResNet(blocks=0), "blocks must be at least 1"),
        (lambda: SRResNet(channels=12, norm="group"), "12 channels do not split into 8 groups"),
        (lambda: MSRResNet((8,)), "exactly one of 2, 3, 4"),
        (lambda: RCAN((6,)), "exactly one of 2, 3, 4, 8"),
        (lambda: RCAN(channels=40), "reduction must divide the 40 channels, got 16"),
        (lambda: RCAN(groups=0), "groups must be at least 1"),
        (lambda: HRAN(blocks=0), "blocks must be at least 1"),
        (lambda: Discriminator(40), "multiple of 16 from 32, got 40"),
        (lambda: Discriminator(channels=0), "channels must be at least 1"),
        (lambda: SRCNN(conv="fancy"), "conv must be one of plain, deconv"),
        (lambda: VDSR(conv="fancy"), "conv must be one of plain, deconv"),
        (lambda: VDSR(residual=False, bias=False, conv="deconv"), "bias must be true with conv=de"),
    ],
)
def test_refused(build, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)

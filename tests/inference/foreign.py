"""Networks as other projects write them."""

import torch
from torch import nn

MEAN = torch.tensor([0.4488, 0.4371, 0.4040]).view(1, 3, 1, 1)


def conv(n_in: int, n_out: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(n_in, n_out, kernel, padding=kernel // 2)


def holder(**children: nn.Module) -> nn.Module:
    """A module for its names only."""
    module = nn.Module()
    for name, child in children.items():
        module.add_module(name, child)
    return module


def edsr_pytorch(channels: int = 8) -> nn.Module:
    block = [
        holder(body=nn.Sequential(conv(channels, channels), nn.ReLU(), conv(channels, channels)))
        for _ in range(2)
    ]
    up = nn.Sequential(conv(channels, 9 * channels), nn.PixelShuffle(3))
    shifts = {"sub_mean": nn.Conv2d(3, 3, 1), "add_mean": nn.Conv2d(3, 3, 1)}
    shifts["sub_mean"].bias.data = -255 * MEAN.flatten()
    return holder(
        **shifts,
        head=nn.Sequential(conv(3, channels)),
        body=nn.Sequential(*block, conv(channels, channels)),
        tail=nn.Sequential(up, conv(channels, 3)),
    )


def rcan(channels: int = 8) -> nn.Module:
    def block() -> nn.Module:
        attention = holder(
            conv_du=nn.Sequential(conv(channels, 2, 1), nn.ReLU(), conv(2, channels, 1))
        )
        layers = [conv(channels, channels), nn.ReLU(), conv(channels, channels), attention]
        return holder(body=nn.Sequential(*layers))

    groups = [
        holder(body=nn.Sequential(block(), block(), conv(channels, channels))) for _ in range(2)
    ]
    up = nn.Sequential(conv(channels, 4 * channels), nn.PixelShuffle(2))
    return holder(
        head=nn.Sequential(conv(3, channels)),
        body=nn.Sequential(*groups, conv(channels, channels)),
        tail=nn.Sequential(up, conv(channels, 3)),
    )


def basicsr_edsr(channels: int = 8) -> nn.Module:
    pair = [conv(channels, channels) for _ in range(4)]
    return holder(
        conv_first=conv(3, channels),
        body=nn.Sequential(*(holder(conv1=pair[i], conv2=pair[i + 1]) for i in (0, 2))),
        conv_after_body=conv(channels, channels),
        upsample=nn.Sequential(
            conv(channels, 4 * channels),
            nn.PixelShuffle(2),
            conv(channels, 4 * channels),
            nn.PixelShuffle(2),
        ),
        conv_last=conv(channels, 3),
    )


def basicsr_rcan(channels: int = 8) -> nn.Module:
    def block() -> nn.Module:
        gate = [nn.Identity(), conv(channels, 2, 1), nn.ReLU(), conv(2, channels, 1)]
        attention = holder(attention=nn.Sequential(*gate))
        layers = [conv(channels, channels), nn.ReLU(), conv(channels, channels), attention]
        return holder(rcab=nn.Sequential(*layers))

    groups = [
        holder(residual_group=nn.Sequential(block(), block()), conv=conv(channels, channels))
        for _ in range(2)
    ]
    return holder(
        conv_first=conv(3, channels),
        body=nn.Sequential(*groups),
        conv_after_body=conv(channels, channels),
        upsample=nn.Sequential(conv(channels, 4 * channels), nn.PixelShuffle(2)),
        conv_last=conv(channels, 3),
    )


def msrresnet(channels: int = 8) -> nn.Module:
    return holder(
        conv_first=conv(3, channels),
        body=nn.Sequential(
            *(holder(conv1=conv(channels, channels), conv2=conv(channels, channels)) for _ in "ab")
        ),
        upconv1=conv(channels, 4 * channels),
        upconv2=conv(channels, 4 * channels),
        conv_hr=conv(channels, channels),
        conv_last=conv(channels, 3),
    )


def dncnn(norm: bool, bias: bool, channels: int = 8, depth: int = 5, eps: float = 1e-4):
    """The stack of DnCNN as its codes write it, with random statistics."""
    layers: list[nn.Module] = [nn.Conv2d(1, channels, 3, padding=1, bias=bias), nn.ReLU()]
    for _ in range(depth - 2):
        # Zhang's training code keeps the first bias alone, KAIR's keeps all.
        layers.append(nn.Conv2d(channels, channels, 3, padding=1, bias=bias and not norm))
        if norm:
            layers.append(nn.BatchNorm2d(channels, eps=eps))
            for statistic in (layers[-1].weight, layers[-1].running_var):
                nn.init.uniform_(statistic, 0.001, 2)
            for statistic in (layers[-1].bias, layers[-1].running_mean):
                nn.init.normal_(statistic)
        layers.append(nn.ReLU())
    return nn.Sequential(*layers, nn.Conv2d(channels, 1, 3, padding=1, bias=bias and not norm))

"""The mean over an image, as a layer that can be found."""

from torch import Tensor, nn


class GlobalMean(nn.Module):
    """The mean of each feature map: [B, C, H, W] -> [B, C, 1, 1].

    A layer of its own, since what sees an image in tiles has to take this over all of them.
    """

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((-2, -1), keepdim=True)

"""Errors of the Fourier transform, of which the large ones count most."""

import torch
from torch import Tensor, nn


class FocalFrequencyLoss(nn.Module):
    """Focal frequency loss (Jiang et al., ICCV 2021, Eq. 8).

    The mean of w |F_prediction - F_target|^2 over frequencies, with w the same distance to the
    power of ``alpha``, divided by its greatest value in each channel of each image.

    Args:
        alpha: how much more the frequencies count that are hard; 1 in the paper, 0: all alike.

    Shapes:
        two [B, C, H, W] in [0, 1] -> scalar; w is constant.

    Raises:
        ValueError: alpha is negative.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        if alpha < 0:
            raise ValueError(f"alpha must be at least 0, got {alpha}")
        self.alpha = alpha

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Two [B, C, H, W] -> scalar."""
        # Fourier transforms of half precision exist for powers of two alone.
        spectrum: Tensor = torch.fft.fft2((prediction - target).float(), norm="ortho")
        square: Tensor = spectrum.real.square() + spectrum.imag.square()
        weight: Tensor = square.detach().sqrt() ** self.alpha
        weight = weight / weight.amax(dim=(-2, -1), keepdim=True).clamp(min=1e-12)
        return (weight.clamp(0, 1) * square).mean()

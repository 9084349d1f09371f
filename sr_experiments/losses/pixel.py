"""Pixel losses. Predictions and targets are [B, C, H, W] with values in [0, 1]."""

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

Reduction = Literal["half_sum", "mean"]


class MSELoss(nn.Module):
    """Squared error.

    Args:
        reduction: "half_sum": half of the sum over an image's pixels, averaged over the batch.
            This is the loss of SRCNN (Caffe's EuclideanLoss) and VDSR (Sec. 3.2), and the scale
            for which their learning rates and clipping thresholds hold. "mean": the mean over all
            pixels, which is H * W * C / 2 times smaller.
    """

    def __init__(self, reduction: Reduction = "half_sum") -> None:
        super().__init__()
        if reduction not in ("half_sum", "mean"):
            raise ValueError(f'reduction must be "half_sum" or "mean", got {reduction!r}')
        self.reduction = reduction

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Two [B, C, H, W] -> scalar."""
        mean = F.mse_loss(prediction, target)
        return mean if self.reduction == "mean" else mean * (target[0].numel() / 2)


class L1Loss(nn.L1Loss):
    """Mean absolute error over all pixels (EDSR, Sec. 3.4)."""

    def __init__(self) -> None:
        super().__init__()


class CharbonnierLoss(nn.Module):
    """Mean of sqrt(error^2 + eps^2), a smooth L1 (LapSRN, Lai et al., CVPR 2017, Eq. 1).

    Args:
        eps: error below which the loss is quadratic; 0.001 in the paper, for values in [0, 1].
    """

    def __init__(self, eps: float = 1e-3) -> None:
        super().__init__()
        if eps <= 0:
            raise ValueError(f"eps must be positive, got {eps}")
        self.eps = eps

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Two [B, C, H, W] -> scalar."""
        return ((prediction - target).square() + self.eps**2).sqrt().mean()

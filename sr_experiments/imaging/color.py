"""MATLAB's ``rgb2ycbcr`` and its inverse (ITU-R BT.601, luma on 16..235), on values 0..255."""

import torch
from torch import Tensor

# Rows Y, Cb, Cr; columns R, G, B; for inputs on 0..1 and outputs on 0..255.
_MATRIX = (
    (65.481, 128.553, 24.966),
    (-37.797, -74.203, 112.0),
    (112.0, -93.786, -18.214),
)
_OFFSET = (16.0, 128.0, 128.0)


def _transform(image: Tensor, matrix: Tensor) -> Tensor:
    # Sums of products instead of a matrix product, which autocast would run in low precision.
    weights = matrix.to(image)[:, :, None, None]
    return (weights * image.unsqueeze(-4)).sum(dim=-3)


def _constants(like: Tensor) -> tuple[Tensor, Tensor]:
    matrix = torch.tensor(_MATRIX, dtype=torch.float64) / 255
    return matrix, torch.tensor(_OFFSET).to(like).view(3, 1, 1)


def rgb_to_ycbcr(rgb: Tensor) -> Tensor:
    """[..., 3, H, W] RGB on 0..255 -> YCbCr (Y 16..235, Cb and Cr 16..240), not rounded."""
    matrix, offset = _constants(rgb)
    return _transform(rgb, matrix) + offset


def ycbcr_to_rgb(ycbcr: Tensor) -> Tensor:
    """[..., 3, H, W] YCbCr on 0..255 -> RGB on 0..255, neither rounded nor clipped."""
    matrix, offset = _constants(ycbcr)
    return _transform(ycbcr - offset, torch.linalg.inv(matrix))


def luma(image: Tensor) -> Tensor:
    """[..., 1 or 3, H, W] on 0..255 -> its Y channel [..., 1, H, W].

    A one-channel image is its own Y, as in the published tables (Set14's "bridge" is one).
    """
    return image if image.shape[-3] == 1 else rgb_to_ycbcr(image)[..., :1, :, :]

"""PSNR and SSIM of each image, as the super-resolution papers define them."""

import torch
from torch import Tensor
from torch.nn import functional as F

_WINDOW = 11
_SIGMA = 1.5
_C1 = (0.01 * 255) ** 2
_C2 = (0.03 * 255) ** 2


def _double(x: Tensor) -> Tensor:
    # Apple's accelerator has no float64.
    return x.float() if x.device.type == "mps" else x.double()


def _check(prediction: Tensor, target: Tensor) -> None:
    if prediction.shape != target.shape or prediction.ndim != 4:
        raise ValueError(
            "expected two [B, C, H, W] of one shape, got "
            f"{tuple(prediction.shape)} and {tuple(target.shape)}"
        )


def psnr(prediction: Tensor, target: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each image in dB, with peak 255.

    Shapes:
        two [B, C, H, W] on 0..255 -> [B]; the error is averaged over channels and pixels of an
        image, never over images. Equal images give infinity.
    """
    _check(prediction, target)
    error = (_double(prediction) - _double(target)).square().mean(dim=(1, 2, 3))
    return 10 * torch.log10(255**2 / error)


def ssim(prediction: Tensor, target: Tensor) -> Tensor:
    """Structural similarity of each image (Wang et al., 2004; the authors' ``ssim_index``).

    11x11 Gaussian window of sigma 1.5, K = (0.01, 0.03), L = 255, population covariance, windows
    that lie wholly inside the image; channels are averaged.

    Shapes:
        two [B, C, H, W] on 0..255 -> [B].

    Raises:
        ValueError: the shapes differ or a side is shorter than the window.
    """
    _check(prediction, target)
    if min(prediction.shape[-2:]) < _WINDOW:
        raise ValueError(
            f"SSIM needs at least {_WINDOW} x {_WINDOW} pixels, got {tuple(prediction.shape[-2:])}"
        )
    x, y = _double(prediction), _double(target)
    b, c = x.shape[:2]
    position = torch.arange(_WINDOW, device=x.device, dtype=x.dtype) - _WINDOW // 2
    window = torch.exp(-position.square() / (2 * _SIGMA**2))
    window = window / window.sum()

    maps = torch.cat([x, y, x * x, y * y, x * y]).flatten(0, 1)[:, None]
    maps = F.conv2d(F.conv2d(maps, window.view(1, 1, -1, 1)), window.view(1, 1, 1, -1))
    mean_x, mean_y, xx, yy, xy = maps.unflatten(0, (5, b, c)).squeeze(3)

    covariance = xy - mean_x * mean_y
    variances = xx - mean_x.square() + yy - mean_y.square()
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x.square() + mean_y.square() + _C1)
    similarity = luminance * (2 * covariance + _C2) / (variances + _C2)
    result: Tensor = similarity.mean(dim=(1, 2, 3))
    return result

"""PSNR and SSIM of each image, as the super-resolution papers define them."""

import torch
from torch import Tensor

_WINDOW = 11
_SIGMA = 1.5
_STRIP = 128  # rows of the map at a time, which stay in a processor's cache
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
    total = torch.zeros(len(prediction), dtype=_double(target[:0]).dtype, device=target.device)
    for top in range(0, target.shape[-2] - _WINDOW + 1, _STRIP):
        rows = slice(top, top + _STRIP + _WINDOW - 1)
        similarity = _similarity(_double(prediction[..., rows, :]), _double(target[..., rows, :]))
        total += similarity.sum(dim=(1, 2, 3))
    height, width = (side - _WINDOW + 1 for side in target.shape[-2:])
    return total / (target.shape[1] * height * width)


def _similarity(x: Tensor, y: Tensor) -> Tensor:
    """The map of structural similarity: two [B, C, H, W] -> [B, C, H - 10, W - 10]."""
    mean_x, mean_y, xx, yy, xy = (_smooth(m) for m in (x, y, x * x, y * y, x * y))
    covariance = xy - mean_x * mean_y
    variances = xx - mean_x.square() + yy - mean_y.square()
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x.square() + mean_y.square() + _C1)
    return luminance * (2 * covariance + _C2) / (variances + _C2)


def _smooth(x: Tensor) -> Tensor:
    """Filters [..., H, W] with the Gaussian window, where it lies wholly inside.

    Rows, then columns, each a sum of shifted images: in double precision a fraction of the time
    of ``conv2d``.
    """
    position = torch.arange(_WINDOW, dtype=torch.float64) - _WINDOW // 2
    window = torch.exp(-position.square() / (2 * _SIGMA**2))
    first, *others = (window / window.sum()).tolist()
    for dim in (-2, -1):
        size = x.shape[dim] - _WINDOW + 1
        result = x.narrow(dim, 0, size) * first
        for shift, weight in enumerate(others, start=1):
            result.add_(x.narrow(dim, shift, size), alpha=weight)
        x = result
    return x

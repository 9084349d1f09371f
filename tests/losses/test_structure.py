"""Losses of structure, frequencies and artifacts, against their formulas written out by others."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn

from sr_experiments.losses import ArtifactLoss, FocalFrequencyLoss, MSSSIML1Loss

LOSSES = (MSSSIML1Loss(), FocalFrequencyLoss(), ArtifactLoss())


def pair(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return torch.rand(2, 3, 20, 24), torch.rand(2, 3, 20, 24)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_zero_for_equal_images_and_a_gradient_else(loss: nn.Module) -> None:
    x, y = pair()
    assert loss(y, y).item() == pytest.approx(0, abs=1e-6)
    x.requires_grad_()
    loss(x, y).backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    assert x.grad.abs().max() > 0
    half = loss(x.detach().bfloat16(), y.bfloat16())
    assert half.item() == pytest.approx(loss(x, y).item(), rel=0.05)


def test_frequencies_by_numpy() -> None:
    x, y = pair(1)
    distance = np.abs(np.fft.fft2((x - y).double().numpy(), norm="ortho"))
    for alpha in (0.0, 1.0, 2.0):
        weight = distance**alpha / (distance**alpha).max(axis=(2, 3), keepdims=True)
        expected = (weight * distance**2).mean()
        assert FocalFrequencyLoss(alpha)(x, y).item() == pytest.approx(expected, rel=1e-4)
    # Unweighted it is the squared error, by Parseval.
    assert FocalFrequencyLoss(0)(x, y).item() == pytest.approx(nn.MSELoss()(x, y).item(), rel=1e-4)


def test_structure_by_scipy() -> None:
    x, y = pair(2)
    alpha, sigmas = 0.84, (0.5, 1.0, 2.0)

    def blur(image: np.ndarray, sigma: float) -> np.ndarray:
        radius = int(np.ceil(2 * sigma))
        along = {"sigma": sigma, "mode": "mirror", "radius": radius, "axes": (2, 3)}
        return ndimage.gaussian_filter(image, **along)

    a, b = x.double().numpy(), y.double().numpy()
    product = np.ones_like(a)
    for sigma in sigmas:
        mean_a, mean_b = blur(a, sigma), blur(b, sigma)
        variances = blur(a * a, sigma) - mean_a**2 + blur(b * b, sigma) - mean_b**2
        product *= (2 * (blur(a * b, sigma) - mean_a * mean_b) + 0.0009) / (variances + 0.0009)
    luminance = (2 * mean_a * mean_b + 0.0001) / (mean_a**2 + mean_b**2 + 0.0001)
    errors = blur(np.abs(a - b), sigmas[-1])
    expected = (alpha * (1 - luminance * product) + (1 - alpha) * errors).mean()
    assert MSSSIML1Loss(alpha, sigmas)(x, y).item() == pytest.approx(expected, rel=1e-4)


def test_artifacts_by_numpy() -> None:
    x, y = pair(3)
    error = np.abs((x - y).double().numpy())
    residual = error.sum(axis=1)
    padded = np.pad(residual, ((0, 0), (3, 3), (3, 3)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (7, 7), axis=(1, 2))
    local = windows.var(axis=(-2, -1), ddof=1)
    whole = residual.reshape(2, -1).var(axis=1, ddof=1) ** 0.2
    expected = (whole[:, None, None, None] * local[:, None] * error).mean()
    assert ArtifactLoss()(x, y).item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MSSSIML1Loss(alpha=2), "alpha must be in"),
        (lambda: MSSSIML1Loss(sigmas=()), "sigmas must be positive"),
        (lambda: FocalFrequencyLoss(-1), "alpha must be at least 0"),
        (lambda: ArtifactLoss(4), "window must be odd"),
    ],
)
def test_refusals(make: type, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor

from sr_experiments.imaging import imresize, load_image, modcrop, quantise

SCALES = [2, 3, 4, 1.5, Fraction(1, 2), Fraction(1, 3), Fraction(1, 4), Fraction(2, 3), 0.7, 0.8]


def matlab_reference(image: np.ndarray, scale: float, border: str) -> np.ndarray:
    """MATLAB's algorithm written out: one dense weight matrix per dimension, for [H, W]."""

    def cubic(x: np.ndarray) -> np.ndarray:
        x = np.abs(x)
        near = 1.5 * x**3 - 2.5 * x**2 + 1
        far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
        return np.where(x <= 1, near, np.where(x <= 2, far, 0))

    def matrix(n: int) -> np.ndarray:
        m = int(np.ceil(round(n * scale, 9)))
        shrink = min(scale, 1.0)
        width = 4 / shrink
        weights = np.zeros((m, n))
        for out in range(m):
            centre = (out + 1) / scale + 0.5 * (1 - 1 / scale)
            index = np.floor(centre - width / 2) + np.arange(int(np.ceil(width)) + 2)
            w = shrink * cubic(shrink * (centre - index))
            w /= w.sum()
            for i, value in zip(index.astype(int) - 1, w, strict=True):
                if border == "symmetric":
                    i %= 2 * n
                    i = i if i < n else 2 * n - 1 - i
                else:
                    i = min(max(i, 0), n - 1)
                weights[out, i] += value
        return weights

    return matrix(image.shape[0]) @ image @ matrix(image.shape[1]).T


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    scale=st.sampled_from(SCALES),
    border=st.sampled_from(["symmetric", "replicate"]),
    channels=st.integers(1, 3),
)
@settings(max_examples=100, deadline=None)
def test_equals_the_written_out_algorithm(height, width, scale, border, channels):
    image = torch.rand(2, channels, height, width, dtype=torch.float64) * 255
    result = imresize(image, scale, border=border)
    for planes, ours in zip(image, result, strict=True):
        for plane, our in zip(planes, ours, strict=True):
            expected = matlab_reference(plane.numpy(), float(scale), border)
            assert our.shape == expected.shape
            assert np.abs(our.numpy() - expected).max() < 1e-9


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_double_path_equals_matlab(shared_data: Path, scale: int):
    truth = load_file(shared_data / f"matlab/bird_y_double_x{scale}.safetensors")
    original, small, large = (truth[k].double() for k in ("im_gt_y", "im_l_y", "im_b_y"))
    ours = imresize(original[None, None] / 255, 1 / scale)
    assert (ours * 255 - small).abs().max() <= 1e-9
    assert (imresize(ours, scale) * 255 - large).abs().max() <= 1e-9
    single = imresize(original[None, None].float(), 1 / scale)
    assert (quantise(single) - quantise(small)).abs().max() <= 1


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_uint8_path_equals_matlab(shared_data: Path, scale: int, dtype: torch.dtype):
    for name in ("baby", "bird", "butterfly", "head", "woman"):
        original = modcrop(load_image(shared_data / f"Set5/{name}.png"), scale)
        truth = load_image(shared_data / f"matlab/Set5_uint8_x{scale}/{name}x{scale}.png")
        ours = imresize(original[None].to(dtype), 1 / scale, uint8=True)[0]
        wrong = (ours - truth).abs()
        assert wrong.max() <= (0 if dtype == torch.float64 else 1)


def test_batches_and_channels_are_independent():
    batch = torch.rand(2, 3, 20, 24)
    together = imresize(batch, 1 / 2)
    for b in range(2):
        for c in range(3):
            alone = imresize(batch[b : b + 1, c : c + 1], 1 / 2)
            assert torch.equal(together[b : b + 1, c : c + 1], alone)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_keeps_the_dtype_and_constant_images(dtype: torch.dtype):
    image = torch.full((1, 1, 12, 15), 7.0, dtype=dtype)
    result = imresize(image, 1 / 3)
    assert result.dtype == dtype
    assert torch.allclose(result.double(), torch.tensor(7.0).double(), atol=0.05)


@pytest.mark.parametrize(
    ("image", "scale", "error"),
    [
        (torch.zeros(1, 1, 8, 8, dtype=torch.uint8), 2, TypeError),
        (torch.zeros(8, 8), 2, ValueError),
        (torch.zeros(1, 1, 0, 8), 2, ValueError),
        (torch.zeros(1, 1, 8, 8), 0, ValueError),
        (torch.zeros(1, 1, 8, 8), float("nan"), ValueError),
    ],
)
def test_refuses(image: Tensor, scale: float, error: type[Exception]):
    with pytest.raises(error):
        imresize(image, scale)

import numpy as np
import torch
from skimage.color import rgb2ycbcr

from sr_experiments.imaging import luma, rgb_to_ycbcr, ycbcr_to_rgb


def test_equals_scikit_image():
    rgb = np.random.default_rng(0).integers(0, 256, (16, 20, 3)).astype(np.float64)
    ours = rgb_to_ycbcr(torch.from_numpy(rgb).permute(2, 0, 1))
    assert np.allclose(ours.permute(1, 2, 0).numpy(), rgb2ycbcr(rgb / 255), atol=1e-10)


def test_there_and_back():
    rgb = torch.rand(2, 3, 9, 7, dtype=torch.float64) * 255
    assert torch.allclose(ycbcr_to_rgb(rgb_to_ycbcr(rgb)), rgb, atol=1e-10)


def test_white_black_and_gray():
    ends = torch.tensor([0.0, 255.0]).view(2, 1, 1, 1).expand(2, 3, 1, 1)
    assert torch.allclose(luma(ends).flatten(), torch.tensor([16.0, 235.0]))
    gray = torch.rand(1, 4, 4)
    assert luma(gray) is gray


def test_autocast_does_not_lower_the_precision():
    rgb = torch.rand(1, 3, 8, 8) * 255
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(rgb_to_ycbcr(rgb), rgb_to_ycbcr(rgb.clone()))
        inside = rgb_to_ycbcr(rgb)
    assert torch.equal(inside, rgb_to_ycbcr(rgb))

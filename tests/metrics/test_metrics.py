import math
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch.nn.functional import conv2d

from sr_experiments.metrics import PSNR, SSIM, psnr, ssim
from tests.ranks import run_ranks


def pair(channels: int = 1, images: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    target = torch.rand(images, channels, 24, 31, generator=generator, dtype=torch.float64) * 255
    noise = torch.randn(target.shape, generator=generator, dtype=torch.float64)
    return (target + 12 * noise).clamp(0, 255), target


@pytest.mark.parametrize("channels", [1, 3])
def test_psnr_equals_scikit_image_per_image(channels: int):
    prediction, target = pair(channels)
    for ours, a, b in zip(psnr(prediction, target), target, prediction, strict=True):
        theirs = peak_signal_noise_ratio(a.numpy(), b.numpy(), data_range=255)
        assert ours.item() == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_equals_scikit_image_inside_the_border(channels: int):
    prediction, target = pair(channels)
    for ours, a, b in zip(ssim(prediction, target), target, prediction, strict=True):
        values = []
        for plane_a, plane_b in zip(a.numpy(), b.numpy(), strict=True):
            _, full = structural_similarity(
                plane_a,
                plane_b,
                win_size=11,
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
                data_range=255,
                full=True,
            )
            values.append(full[5:-5, 5:-5].mean())
        assert ours.item() == pytest.approx(sum(values) / channels, abs=1e-9)


def wang(x: torch.Tensor, y: torch.Tensor) -> float:
    """``ssim_index`` as the authors wrote it: one 11 x 11 window, filtered at once."""
    axis = torch.arange(-5, 6, dtype=torch.float64)
    window = torch.exp(-(axis[:, None] ** 2 + axis[None] ** 2) / (2 * 1.5**2))
    window = (window / window.sum())[None, None]
    mu1, mu2, s11, s22, s12 = (conv2d(m[None, None], window) for m in (x, y, x * x, y * y, x * y))
    s11, s22, s12 = s11 - mu1 * mu1, s22 - mu2 * mu2, s12 - mu1 * mu2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    above = (2 * mu1 * mu2 + c1) * (2 * s12 + c2)
    return (above / ((mu1**2 + mu2**2 + c1) * (s11 + s22 + c2))).mean().item()


@pytest.mark.parametrize("shape", [(11, 11), (37, 52), (138, 20), (300, 16)])
def test_ssim_is_wang_s_to_twelve_digits(shape: tuple[int, int]):
    generator = torch.Generator().manual_seed(3)
    x = torch.randint(256, shape, generator=generator).double()
    for y in (x.roll(1, 0), (x + 3).clamp(0, 255), 255 - x):
        assert ssim(x[None, None], y[None, None]).item() == pytest.approx(wang(x, y), abs=1e-12)


def test_equal_images():
    image = pair()[0]
    assert psnr(image, image).tolist() == [math.inf, math.inf]
    assert torch.allclose(ssim(image, image), torch.ones(2, dtype=torch.float64))


def test_refuses_other_shapes():
    image = pair()[0]
    with pytest.raises(ValueError, match="one shape"):
        psnr(image, image[..., 1:])
    with pytest.raises(ValueError, match="11 x 11"):
        ssim(image[..., :10], image[..., :10])


def test_classes_average_over_images_not_pixels():
    prediction, target = pair(images=3)
    for metric, function in ((PSNR(), psnr), (SSIM(), ssim)):
        metric.update(prediction[:1], target[:1])
        metric.update(prediction[1:], target[1:])
        assert metric.compute().item() == pytest.approx(
            function(prediction, target).mean().item(), abs=1e-9
        )


def _share(rank: int, folder: Path) -> None:
    dist.init_process_group("gloo")
    metric = PSNR()
    prediction, target = pair(images=5)
    for i in range(rank, 5, 2):
        metric.update(prediction[i : i + 1], target[i : i + 1])
    torch.save(metric.compute(), folder / f"{rank}.pt")
    dist.destroy_process_group()


def test_two_processes_with_five_images_agree_with_one(tmp_path: Path):
    run_ranks(_share, tmp_path)
    expected = psnr(*pair(images=5)).mean().item()
    for rank in range(2):
        found = torch.load(tmp_path / f"{rank}.pt").item()
        assert found == pytest.approx(expected, abs=1e-12)

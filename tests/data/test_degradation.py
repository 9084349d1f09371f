from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from sr_experiments.imaging import Degradation, imresize
from sr_experiments.imaging.augment import apply_symmetries, dihedral


def image(channels: int = 1, side: int = 36) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randint(256, (1, channels, side, side), generator=generator)
    return pixels.double()


def test_bicubic_is_imresize() -> None:
    x = image()
    third = Fraction(3)
    assert torch.equal(Degradation().downscale(x, third), imresize(x, 1 / third))
    whole = Degradation(resize="uint8").downscale(x, third)
    assert torch.equal(whole, imresize(x, 1 / third, uint8=True))
    rounded = Degradation(quantise=True).downscale(x, third)
    assert torch.equal(rounded, (imresize(x, 1 / third) + 0.5).floor().clamp(0, 255))


def test_blur_is_scipys() -> None:
    x = image()
    ours = Degradation(blur=1.6, kernel=7).downscale(x, Fraction(1))[0, 0].numpy()
    theirs = ndimage.gaussian_filter(x[0, 0].numpy(), 1.6, radius=3, mode="reflect")
    np.testing.assert_allclose(ours, theirs, atol=1e-10)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_decimation_keeps_one_pixel_of_each_block(scale: int) -> None:
    x = image()
    small = Degradation(resize="decimate").downscale(x, Fraction(scale))
    offset = (scale - 1) // 2
    assert torch.equal(small, x[..., offset::scale, offset::scale])
    assert small.shape[-1] == 36 // scale


def test_decimation_refuses_broken_scales() -> None:
    with pytest.raises(ValueError, match=r"resize=decimate needs whole scales, got 1\.5"):
        Degradation(resize="decimate").downscale(image(), Fraction(3, 2))


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_pils(channels: int) -> None:
    x = image(channels)
    ours = Degradation(quality=[90, 30]).downscale(x, Fraction(1), quality_index=1)
    pixels = x[0].byte().permute(1, 2, 0).numpy()
    file = BytesIO()
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(file, "JPEG", quality=30)
    theirs = np.atleast_3d(np.array(Image.open(file)))
    np.testing.assert_array_equal(ours[0].permute(1, 2, 0).numpy(), theirs)


def test_noise_levels() -> None:
    keys = torch.arange(3000)
    assert set(Degradation(sigma=15).noise_sigma(keys).tolist()) == {15.0}
    some = Degradation(sigma=[10, 30, 50]).noise_sigma(keys)
    assert {10.0, 30.0, 50.0} == set(some.tolist())
    blind = Degradation(sigma=[0, 55], blind=True).noise_sigma(keys)
    assert blind.min() < 1
    assert blind.max() > 54
    assert len(blind.unique()) == 3000
    assert Degradation(sigma=15).noise(keys, (1, 8, 8)).std() == pytest.approx(15, rel=0.01)


@pytest.mark.parametrize("ratio", [Fraction(2), Fraction(3), Fraction(4), Fraction(3, 2)])
def test_enlarged_noise_has_the_statistics_of_an_enlarged_noisy_image(ratio: Fraction) -> None:
    """Interpolation makes the variance periodic in space: it must have the image's phase."""
    degradation = Degradation(sigma=10)
    period = ratio.numerator
    corners = torch.tensor([[5, 7]]).expand(4000, -1)
    ours = degradation.upscaled_noise(torch.arange(4000), (1, 12, 12), ratio, corners)
    side = int(60 / ratio)
    field = 10 * torch.randn(4000, 1, side, side, generator=torch.Generator().manual_seed(2))
    theirs = imresize(field, ratio)[..., 24 + 5 % period :, 24 + 7 % period :][..., :12, :12]
    assert ours.shape == theirs.shape
    torch.testing.assert_close(ours.std(dim=0), theirs.std(dim=0), rtol=0.1, atol=0)


def test_evaluation_is_fixed_per_image_and_seed() -> None:
    x = image()
    degradation = Degradation(sigma=[10, 50])
    one = degradation.apply(x, Fraction(1), "a.png", "symmetric")
    assert torch.equal(one, degradation.apply(x, Fraction(1), "a.png", "symmetric"))
    assert not torch.equal(one, degradation.apply(x, Fraction(1), "b.png", "symmetric"))
    other = Degradation(sigma=[10, 50], seed=1).apply(x, Fraction(1), "a.png", "symmetric")
    assert not torch.equal(one, other)


@settings(deadline=None)
@given(st.lists(st.integers(0, 7), min_size=1, max_size=12))
def test_turn_applies_each_symmetry(symmetries: list[int]) -> None:
    images = torch.arange(len(symmetries) * 2 * 9).view(-1, 2, 3, 3)
    expected = torch.stack([dihedral(x, k) for x, k in zip(images, symmetries, strict=True)])
    assert torch.equal(apply_symmetries(images, torch.tensor(symmetries)), expected)


@pytest.mark.parametrize(
    ("name", "value"),
    [("blur", -1.0), ("kernel", 4), ("quality", 0), ("quality", [50, 101]), ("sigma", [])],
)
def test_ranges(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        Degradation(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("interpolated", [False, True])
@pytest.mark.parametrize("ratio", [Fraction(1), Fraction(2)])
@pytest.mark.parametrize(
    "degradation",
    [
        Degradation(),
        Degradation(resize="uint8"),
        Degradation(resize="decimate"),
        Degradation(resize="decimate", blur=1.0),
        Degradation(quantise=True),
        Degradation(quality=50),
        Degradation(blur=1.0),
    ],
)
def test_whole_says_whether_values_are_whole(
    degradation: Degradation, ratio: Fraction, interpolated: bool
) -> None:
    result = degradation.downscale(image(), ratio)
    if interpolated:
        result = degradation.upscale(result, ratio)
    exact = torch.equal(result, result.round()) and result.min() >= 0 and result.max() <= 255
    assert degradation.is_uint8(ratio, interpolated) == exact

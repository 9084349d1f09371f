from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from skimage.metrics import peak_signal_noise_ratio

from sr_experiments.cli.config.check import to_plain
from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.config.instantiate import build
from sr_experiments.evaluation import NAMED, BenchmarkScore, Protocol
from sr_experiments.imaging import imresize, list_images, load_image
from sr_experiments.metrics import ColourMetric
from sr_experiments.models import VDSR

VDSR_PROTOCOL = NAMED["vdsr"]
# Bicubic on Set5: PSNR and SSIM for x2, x3, x4. "vdsr" is published (Kim et al., CVPR 2016, Table
# 3), "selfexsr" stands in SelfExSR's files; "dncnn" and "edsr" differ in networks' results only.
SET5 = {
    "vdsr": [33.661, 0.9299, 30.392, 0.8682, 28.421, 0.8104],
    "rgb8": [33.640, 0.9292, 30.385, 0.8678, 28.417, 0.8101],
    "edsr": [33.673, 0.9303, 30.403, 0.8689, 28.429, 0.8111],
    "selfexsr": [33.640, 0.9292, 30.386, 0.8678, 28.418, 0.8101],
    "dncnn": [33.673, 0.9303, 30.403, 0.8689, 28.429, 0.8111],
    "double": [33.690, 0.9308, 30.408, 0.8692, 28.432, 0.8114],
    "y8": [33.637, 0.9291, 30.384, 0.8678, 28.415, 0.8100],
}
SET14 = [30.232, 0.8687, 27.541, 0.7736, 26.000, 0.7019]


def bicubic(folder: Path, protocol: Protocol) -> list[float]:
    score = BenchmarkScore(protocol, ["set"], [2, 3, 4])
    network = VDSR(depth=2, channels=1)
    for scale in (2, 3, 4):
        for path in list_images(folder):
            image = load_image(path)
            score.update(
                network, {"image": image, "path": str(path), "benchmark": "set", "scale": scale}
            )
    return [v for row in score.compute() for v in (row.bicubic_psnr, row.bicubic_ssim)]


@pytest.mark.parametrize("name", SET5)
def test_bicubic_on_set5(shared_data: Path, name: str):
    values = bicubic(shared_data / "Set5", NAMED[name])
    exact = 0.0006 if name == "selfexsr" else 0.002  # which "rgb8" is not
    assert values[::2] == pytest.approx(SET5[name][::2], abs=exact)
    assert values[1::2] == pytest.approx(SET5[name][1::2], abs=0.0002)


def test_bicubic_on_set14_where_one_file_is_gray(shared_data: Path):
    values = bicubic(shared_data / "Set14", VDSR_PROTOCOL)
    assert values[::2] == pytest.approx(SET14[::2], abs=0.003)
    assert values[1::2] == pytest.approx(SET14[1::2], abs=0.0002)


def test_colour_is_compared_as_scikit_image_does_on_matlab_s_images(shared_data: Path):
    scores, expected = BenchmarkScore(NAMED["rgb"], ["set"], [2]), []
    matlab = shared_data / "matlab" / "Set5_uint8_x2"
    for path in list_images(shared_data / "Set5"):
        image, small = (
            load_image(path),
            load_image(matlab / f"{path.stem}x2.png"),
        )
        ours, target = NAMED["rgb"].degrade(image, 2)
        assert torch.equal(ours[0], small.double())
        enlarged = imresize(small[None].double(), 2, uint8=True)
        arrays = [x[0, :, 2:-2, 2:-2].byte().numpy() for x in (target, enlarged)]
        expected.append(peak_signal_noise_ratio(*arrays))
        item = {"image": image, "path": str(path), "benchmark": "set", "scale": 2}
        scores.update(VDSR(depth=2, channels=1), item)
    assert scores.compute()[0].bicubic_psnr == pytest.approx(np.mean(expected), abs=1e-9)
    assert np.mean(expected) == pytest.approx(31.787, abs=0.001)


def test_ntire_leaves_out_four_pixels_of_basicsr_s_luma(shared_data: Path):
    """At x4 it is "edsr" then; at x2, scikit-image on MATLAB's images."""
    assert replace(NAMED["ntire"], name="edsr", shave="scale") == NAMED["edsr"]
    scores, expected = BenchmarkScore(NAMED["ntire"], ["set"], [2]), []
    colour = BenchmarkScore(NAMED["edsr"], ["set"], [2], {"psnr_rgb": ColourMetric("psnr")})
    for path in list_images(shared_data / "Set5"):
        image = load_image(path)
        small = load_image(shared_data / "matlab" / "Set5_uint8_x2" / f"{path.stem}x2.png")
        _, target = NAMED["ntire"].degrade(image, 2)
        arrays = [
            x[0, :, 4:-4, 4:-4].round().permute(1, 2, 0).numpy()
            for x in (target, imresize(small[None].double(), 2, uint8=True))
        ]
        # BasicSR's bgr2ycbcr, in colour's order, of values in [0, 1] and times 255.
        luma = [(a / 255 @ np.array([65.481, 128.553, 24.966]) + 16) / 255 * 255 for a in arrays]
        expected.append(peak_signal_noise_ratio(*luma, data_range=255))
        item = {"image": image, "path": str(path), "benchmark": "set", "scale": 2}
        for each in (scores, colour):
            each.update(VDSR(depth=2, channels=1), item)
    assert scores.compute()[0].bicubic_psnr == pytest.approx(np.mean(expected), abs=1e-3)
    # What "rgb" itself says of Set5, beside Y.
    found = colour.metrics()
    assert "set_x2/psnr_rgb" in found
    assert colour.compute()[0].extra["bicubic_psnr_rgb"] == pytest.approx(31.787, abs=0.001)


@pytest.mark.parametrize("name", sorted(NAMED))
def test_names_mean_what_their_configuration_says(name: str):
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("evaluate", [f"protocol={name}", "degradation=bicubic"])
    built = build("protocol", to_plain(config.protocol))
    assert replace(built, degradation=None) == NAMED[name]
    assert built.label == name


def test_every_configuration_is_a_named_protocol():
    assert {p.stem for p in (conf_dir() / "protocol").glob("*.yaml")} == set(NAMED)


def test_what_differs_from_the_named_protocol_is_part_of_the_name():
    changed = replace(NAMED["edsr"], channel="rgb", self_ensemble=True, quantise=False, shave=6)
    assert changed.label == "edsr with channel=rgb, quantise=false, shave=6, self_ensemble=true"
    assert str(changed).startswith(f"{changed.label}: PSNR and SSIM on RGB, ")
    assert replace(changed, name="mine").label == "mine"  # which has no other meaning


def test_says_everything_in_a_line():
    text = str(VDSR_PROTOCOL)
    for word in ("vdsr", "Y", "double", "rounded", "shave = scale", "symmetric"):
        assert word in text
    assert "\n" not in text


def test_a_gray_file_is_its_own_luma():
    gray = torch.randint(256, (1, 12, 12), dtype=torch.uint8)
    for protocol in NAMED.values():
        small, target = protocol.degrade(gray, 2)
        assert torch.equal(target[0, 0], gray[0].double())
        assert small.shape == (1, 1, 6, 6)


def test_fractional_scales_have_whole_sizes():
    image = torch.randint(256, (3, 31, 32), dtype=torch.uint8)
    small, target = VDSR_PROTOCOL.degrade(image, 1.5)
    assert target.shape == (1, 1, 30, 30)
    assert small.shape == (1, 1, 20, 20)
    assert VDSR_PROTOCOL.interpolate(small, 1.5).shape == target.shape


def test_refuses_rgb_where_only_y_is_degraded():
    with pytest.raises(ValueError, match="channel"):
        Protocol("odd", "rgb", "y", False, True, True)

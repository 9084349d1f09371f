from pathlib import Path

import pytest
import torch

from sr_experiments.cli.conf_dir import conf_dir
from sr_experiments.evaluation import BenchmarkScore, Protocol
from sr_experiments.imaging import list_images, load_image
from sr_experiments.models import VDSR

VDSR_PROTOCOL = Protocol("vdsr", "y", "y", False, True, True)
PROTOCOLS = {
    "vdsr": VDSR_PROTOCOL,
    "rgb8": Protocol("rgb8", "y", "rgb", True, True, True),
    "edsr": Protocol("edsr", "y", "rgb", True, False, True),
    "double": Protocol("double", "y", "y", False, False, False),
    "y8": Protocol("y8", "y", "y", True, True, True),
}
# Bicubic on Set5: PSNR and SSIM for x2, x3, x4.
SET5 = {
    "vdsr": [33.661, 0.9299, 30.392, 0.8682, 28.421, 0.8104],
    "rgb8": [33.640, 0.9292, 30.385, 0.8678, 28.417, 0.8101],
    "edsr": [33.673, 0.9303, 30.403, 0.8689, 28.429, 0.8111],
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
    values = bicubic(shared_data / "Set5", PROTOCOLS[name])
    assert values[::2] == pytest.approx(SET5[name][::2], abs=0.002)
    assert values[1::2] == pytest.approx(SET5[name][1::2], abs=0.0002)


def test_bicubic_on_set14_where_one_file_is_gray(shared_data: Path):
    values = bicubic(shared_data / "Set14", VDSR_PROTOCOL)
    assert values[::2] == pytest.approx(SET14[::2], abs=0.003)
    assert values[1::2] == pytest.approx(SET14[1::2], abs=0.0002)


def test_every_protocol_has_a_configuration():
    assert {p.stem for p in (conf_dir() / "eval").glob("*.yaml")} >= set(PROTOCOLS)


def test_says_everything_in_a_line():
    text = str(VDSR_PROTOCOL)
    for word in ("vdsr", "Y", "double", "rounded", "shave = scale", "symmetric"):
        assert word in text
    assert "\n" not in text


def test_a_gray_file_is_its_own_luma():
    gray = torch.randint(256, (1, 12, 12), dtype=torch.uint8)
    for protocol in PROTOCOLS.values():
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

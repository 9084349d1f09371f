"""Perceptual metrics: one number per image, and what to do without weights."""

from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torch import Tensor, nn
from torchmetrics.functional.image import dists as library_dists
from torchmetrics.functional.image import lpips as library

from sr_experiments.errors import CheckpointError
from sr_experiments.evaluation import BenchmarkScore, Protocol
from sr_experiments.metrics import ImageMetric, ImageMetricMean, arniqa, dists, lpips
from sr_experiments.models import SRResNet

A = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 255
B = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 255


class Difference(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        assert x.shape == y.shape == (1, 3, 64, 64)
        assert 0 <= x.min() <= x.max() <= 1
        return (x - y).abs().mean()


def test_each_image_on_its_own() -> None:
    found = ImageMetric(Difference())(A.double(), B.double())
    torch.testing.assert_close(found, (A - B).abs().mean(dim=(1, 2, 3)) / 255)
    gray = ImageMetric(Difference())(A[:, :1], B[:, :1])
    torch.testing.assert_close(gray, (A - B)[:, :1].abs().mean(dim=(1, 2, 3)) / 255)


def test_without_a_reference() -> None:
    class Brightness(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mean()

    torch.testing.assert_close(
        ImageMetric(Brightness(), reference=False)(A, B), A.mean(dim=(1, 2, 3)) / 255
    )


def test_lpips_equals_the_library_image_by_image(monkeypatch: pytest.MonkeyPatch) -> None:
    original = library._get_tv_model_features
    monkeypatch.setattr(
        library, "_get_tv_model_features", lambda net, pretrained: original(net, pretrained=False)
    )
    metric = lpips("alex")
    found = metric(A, B)
    net = metric.function.net  # type: ignore[union-attr]
    with torch.no_grad():
        expected = net(A / 255, B / 255, normalize=True).flatten()  # type: ignore[operator]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
    mean = ImageMetricMean(metric)
    for i in range(3):
        mean.update(A[i : i + 1], B[i : i + 1])
    torch.testing.assert_close(mean.compute(), expected.double().mean(), rtol=1e-4, atol=1e-6)


def test_dists_equals_the_library_image_by_image(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = library_dists.vgg16(weights=None)
    monkeypatch.setattr(library_dists, "vgg16", lambda weights: network)
    found = dists()(A, B)
    expected = library_dists.deep_image_structure_and_texture_similarity(A / 255, B / 255)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(dists()(A, A), torch.zeros(3), rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("make", "name", "file"),
    [
        (lpips, "lpips", "models/alexnet-owt-7be5be79.pth"),
        (dists, "dists", "models/vgg16-397923af.pth"),
        (arniqa, "arniqa", "weights/ARNIQA.pth and "),
    ],
)
def test_absent_weights_are_named(
    make: object, name: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*args: object, **kwargs: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(CheckpointError) as error:
        make()  # type: ignore[operator]
    message = str(error.value)
    assert file in message
    assert str(tmp_path / "checkpoints") in message
    assert f"leave {name} out of metrics" in message


def test_unknown_net() -> None:
    with pytest.raises(ValueError, match="net must be one of alex, vgg, squeeze"):
        lpips("resnet")  # type: ignore[arg-type]


def test_scores_hold_further_measures_in_colour() -> None:
    class Blue(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return y[0, 2].mean() - y[0, 0].mean()

    protocol = Protocol(
        "rgb8", "y", "rgb", lr_uint8=True, round_luma=True, quantise=True, shave="scale"
    )
    image = torch.zeros(3, 48, 48, dtype=torch.uint8)
    image[2] = 255
    score = BenchmarkScore(protocol, ["one"], [2], {"blue": ImageMetric(Blue())})
    item = {"image": image, "path": "blue.png", "benchmark": "one", "scale": 2}
    score.update(SRResNet((2,), blocks=1, channels=4).eval(), item)  # type: ignore[arg-type]
    (row,) = score.compute()
    assert row.extra == {"bicubic_blue": 1.0, "blue": 1.0}
    assert score.metrics()["one_x2/blue"] == 1.0

"""Scores are those of float32, whatever training computes in."""

import warnings
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from sr_experiments.evaluation import BenchmarkScore, Protocol
from sr_experiments.evaluation.panel import cut_tiles
from sr_experiments.inference import Upscaler
from sr_experiments.metrics import ImageMetric
from sr_experiments.models import EDSR, VDSR, Network
from tests.evaluation.test_benchmark import PROTOCOL, item

RGB = Protocol("rgb8", "y", "rgb", True, True, True)
NETWORKS = {
    "for Y": lambda: VDSR(depth=3, channels=8),
    "for RGB": lambda: EDSR((2,), blocks=1, channels=8),
}


class Projection(nn.Module):
    """A metric that autocast would compute in half precision."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return (self.conv(a) - self.conv(b)).abs().mean()


class Scored(pl.LightningModule):
    """Only scores, by the hooks that training and `evaluate.py` use."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.score = BenchmarkScore(RGB, ["set"], [2])

    def test_step(self, image, batch_idx: int) -> None:
        self.score.update(self.network, image)


def lightning_psnr(network: Network, precision, folder: Path) -> float:
    module = Scored(network)
    trainer = pl.Trainer(
        accelerator="cpu",
        precision=precision,
        logger=False,
        enable_progress_bar=False,
        default_root_dir=folder,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.test(module, DataLoader([item()], batch_size=None), verbose=False)
    return module.score.compute()[0].psnr


@pytest.mark.parametrize("precision", ["bf16-mixed", "bf16-true", "16-true"])
@pytest.mark.parametrize("name", NETWORKS)
def test_training_in_half_precision_does_not_change_scores(
    name: str, precision: str, tmp_path: Path
):
    network = NETWORKS[name]().eval()
    if precision.endswith("true"):  # which rounds the weights themselves
        network = network.to(torch.bfloat16 if precision[0] == "b" else torch.float16).float()
    expected = lightning_psnr(network, "32-true", tmp_path)
    assert lightning_psnr(network, precision, tmp_path) == expected


def test_measures_and_panels_leave_autocast():
    network = VDSR(depth=3, channels=8).eval()
    metrics = {"projected": ImageMetric(Projection())}

    def scores():
        score = BenchmarkScore(PROTOCOL, ["set"], [2], metrics)
        score.update(network, item())
        return score.compute()[0].extra, cut_tiles(network, [item()], PROTOCOL, "VDSR")[0]

    (others, tiles) = scores()
    with torch.autocast("cpu", torch.bfloat16):
        again, drawn = scores()
        assert torch.is_autocast_enabled("cpu")
    assert again == others
    assert [caption for caption, _ in drawn] == [caption for caption, _ in tiles]
    assert all(torch.equal(a, b) for (_, a), (_, b) in zip(drawn, tiles, strict=True))


def test_tf32_is_off_while_scoring_and_as_before_afterwards():
    seen = []

    class Looking(Network):
        in_channels, scales = 1, (2,)

        def forward(self, x: Tensor) -> Tensor:
            matmul = torch.get_float32_matmul_precision()
            seen.append((torch.backends.cudnn.allow_tf32, matmul, x.dtype))
            return x

    before = torch.get_float32_matmul_precision()
    cudnn = torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("medium")
    torch.backends.cudnn.allow_tf32 = True
    try:
        Upscaler(Looking())(torch.rand(1, 1, 8, 8) * 255, 2)
        with pytest.raises(ValueError, match="cannot enlarge"):
            Upscaler(EDSR((2,), blocks=1, channels=4))(torch.rand(1, 3, 8, 8), 3)
        assert torch.get_float32_matmul_precision() == "medium"
        assert torch.backends.cudnn.allow_tf32
    finally:
        torch.set_float32_matmul_precision(before)
        torch.backends.cudnn.allow_tf32 = cudnn
    assert seen == [(False, "highest", torch.float32)]

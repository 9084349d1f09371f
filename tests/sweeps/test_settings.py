"""A misspelt ``sweep.metric`` is found before any job runs."""

from pathlib import Path

import pytest
import torch

from sr_experiments.errors import ConfigError
from sr_experiments.evaluation import BenchmarkScore, Protocol
from sr_experiments.metrics import ImageMetric
from sr_experiments.models import VDSR
from sr_experiments.sweeps.job import Job
from sr_experiments.sweeps.settings import check_metric, metric_names
from tests.conftest import smooth_image
from tests.sweeps.sweep_commands import Sweeps

CONFIG = {
    "data": {"val": {"demo": ["a.png"]}, "test": {"set5": ["Set5"], "none": None}, "held_out": 5},
    "model": {"scales": [2, 3.5]},
    "protocol": {"channel": "y"},
    "metrics": {"lpips": {}},
}


@pytest.mark.parametrize(
    "metric",
    [
        "val/psnr",
        "val/held_out_x2/ssim_y",
        "test/set5_x3.5/lpips",
        "test/set5_x2/seconds",
        "train/loss_pixel",
        "mine/score",
    ],
)
def test_what_jobs_will_have(metric: str) -> None:
    check_metric(metric, Job(0, [], Path(), CONFIG))


@pytest.mark.parametrize(
    ("metric", "hint"),
    [
        ("val/pnsr", "did you mean val/psnr"),
        ("vall/psnr", "did you mean val/psnr"),
        ("psnr", "job 3 (seed=0) will have no such metric"),
        ("test/set5_x4/psnr_y", "did you mean test/set5_x2/psnr_y"),
        ("test/none_x2/psnr_y", "no such metric"),
        ("val/demo_x2/seconds", "no such metric"),
    ],
)
def test_what_they_will_not_have(metric: str, hint: str) -> None:
    with pytest.raises(ConfigError) as error:
        check_metric(metric, Job(3, ["seed=0"], Path(), CONFIG))
    assert hint in str(error.value)
    assert "\n" not in str(error.value)


def test_the_names_are_those_of_a_score() -> None:
    protocol = Protocol("vdsr", "y", "y", False, True, True)
    score = BenchmarkScore(
        protocol, ["set5"], [2, 3.5], {"lpips": ImageMetric(torch.nn.L1Loss())}, timed=True
    )
    image = torch.from_numpy(smooth_image(48, 50)).permute(2, 0, 1)
    network = VDSR(depth=2, channels=2, scales=(2, 3.5))
    for scale in (2, 3.5):
        score.update(
            network, {"image": image, "path": "b.png", "benchmark": "set5", "scale": scale}
        )
    found = {f"test/{name}" for name in score.metrics()}
    assert found == {name for name in metric_names(CONFIG) if name.startswith("test/")}


def test_no_job_is_started(sweeps: Sweeps) -> None:
    status, output = sweeps.quick("sweep.metric=val/pnsr", "seed=0,1", "hydra.sweep.dir=s")
    assert status == 2
    assert output.startswith("error: sweep.metric=val/pnsr: job 0 (seed=0) will have no such")
    assert output.count("\n") == 1
    assert not (sweeps.folder / "s" / "0").exists()

"""FID and KID against torchmetrics, on one process and two, and what is refused."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, multiprocessing, nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from sr_experiments.cli import assemble
from sr_experiments.cli.build import build
from sr_experiments.errors import CheckpointError, ConfigError
from sr_experiments.evaluation import BenchmarkScore, Protocol
from sr_experiments.metrics import Measure, SetMeasure, fid, kid, set_level
from sr_experiments.metrics.set_level import FID, KID
from sr_experiments.models import VDSR

IMAGES = 101
PROTOCOL = Protocol("rgb8", "y", "rgb", True, True, True)


class Colours(nn.Module):
    """Twelve features: the mean colours of the quarters."""

    num_features = torch.tensor(12)

    def forward(self, x: Tensor) -> Tensor:
        assert x.dtype == torch.uint8
        assert x.shape[1] == 3
        return nn.functional.adaptive_avg_pool2d(x.float() / 255, 2).flatten(1)


def images(seed: int, darker: float = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(IMAGES, 3, 8, 8, generator=generator) * 255 * darker


def library(metric: Any, prediction: Tensor, target: Tensor) -> Any:
    metric.update(target.round().byte(), real=True)
    metric.update(prediction.round().byte(), real=False)
    return metric.compute()


def collected(metric: Any, prediction: Tensor, target: Tensor, first: int = 0, step: int = 1):
    for i in range(first, len(target), step):
        metric.update(prediction[i : i + 1], target[i : i + 1])
    return metric.compute()


def test_fid_equals_the_library() -> None:
    prediction, target = images(0, 0.8), images(1)
    expected = library(FrechetInceptionDistance(Colours()), prediction, target)
    assert expected > 0.05
    torch.testing.assert_close(collected(FID(Colours()), prediction, target), expected)


def test_kid_equals_the_library() -> None:
    prediction, target = images(0, 0.8), images(1)
    expected, _ = library(
        KernelInceptionDistance(Colours(), subsets=1, subset_size=IMAGES), prediction, target
    )
    assert expected > 0.05
    torch.testing.assert_close(collected(KID(Colours(), 1, IMAGES), prediction, target), expected)


def test_subsets_of_kid_depend_neither_on_order_nor_on_the_seed() -> None:
    prediction, target = images(0, 0.8), images(1)
    found = collected(KID(Colours(), 10, 20), prediction, target)
    whole = collected(KID(Colours(), 1, IMAGES), prediction, target)
    torch.testing.assert_close(found, whole, rtol=0.2, atol=0)
    torch.manual_seed(7)
    state = torch.get_rng_state()
    again = collected(KID(Colours(), 10, 20), prediction.flip(0), target.flip(0))
    assert again == found
    assert torch.equal(torch.get_rng_state(), state)


def test_equal_sets() -> None:
    target = images(1)
    assert abs(collected(FID(Colours()), target, target)) < 1e-5
    assert abs(collected(KID(Colours(), 10, 100), target, target)) < 0.01


def test_gray_is_expanded() -> None:
    gray = images(0)[:, :1]
    found = collected(FID(Colours()), 0.8 * gray, gray)
    torch.testing.assert_close(
        found, collected(FID(Colours()), 0.8 * gray.expand(-1, 3, -1, -1), gray.repeat(1, 3, 1, 1))
    )


def _share(rank: int, port: int, results: Any) -> None:
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    metrics = (FID(Colours()), KID(Colours(), 10, 20))
    results[rank] = [collected(m, images(0, 0.8), images(1), rank, 2).item() for m in metrics]
    dist.destroy_process_group()


def test_two_processes_with_unequal_shares_agree_with_one(unused_tcp_port: int) -> None:
    expected = [
        collected(m, images(0, 0.8), images(1)).item()
        for m in (FID(Colours()), KID(Colours(), 10, 20))
    ]
    with multiprocessing.get_context("spawn").Manager() as manager:
        results = manager.dict()
        multiprocessing.spawn(_share, (unused_tcp_port, results), nprocs=2)
        assert results[0] == pytest.approx(expected, rel=1e-5)
        assert results[1] == results[0]


@pytest.mark.parametrize(
    ("metric", "count", "line"),
    [
        (FID(Colours()), 99, r"metrics=\[fid\]: the set has 99 images, 100 are needed"),
        (KID(Colours(), 10, 20), 99, r"metrics=\[kid\]: the set has 99 images, 100 are needed"),
        (KID(Colours(), 10, 102), 101, "has 101 images, 102 are needed .kid.subset_size."),
    ],
)
def test_small_sets_are_refused(metric: Any, count: int, line: str) -> None:
    with pytest.raises(ConfigError, match=line) as error:
        collected(metric, images(0)[:count], images(1)[:count])
    assert "\n" not in str(error.value)


def test_small_sets_are_refused_before_the_first_image(monkeypatch: pytest.MonkeyPatch) -> None:
    measures = {"fid": SetMeasure(lambda: FID(Colours())), "mean": Measure(nn.L1Loss())}
    monkeypatch.setattr(assemble, "build", lambda key, node: node)
    sets = {
        "val": [SimpleNamespace(name="set5", files=("a.png",) * 5)],
        "test": [SimpleNamespace(name="urban100", files=("a.png",) * 100)],
    }
    config: Any = type("Config", (dict,), {"eval": PROTOCOL, "metrics": measures})(metrics=0)
    data: Any = SimpleNamespace(benchmarks=sets)
    network = VDSR(depth=2, channels=2)
    scorers = assemble.build_scorers(config, data, network)
    assert set(scorers["test"].measures) == {"fid", "mean"}
    assert set(scorers["val"].measures) == {"mean"}
    sets["test"].append(SimpleNamespace(name="set14", files=("a.png",) * 14))
    with pytest.raises(ConfigError, match="set14 has 14 images, 100 are needed"):
        assemble.build_scorers(config, data, network)


def test_in_a_score() -> None:
    score = BenchmarkScore(PROTOCOL, ["one"], [2], {"fid": SetMeasure(lambda: FID(Colours()))})
    network = VDSR(depth=2, channels=2, in_channels=3)
    for parameter in network.parameters():
        nn.init.zeros_(parameter)  # adds nothing to bicubic
    for i in range(100):
        image = torch.randint(256, (3, 24, 24), generator=torch.Generator().manual_seed(i))
        item: Any = {"image": image.byte(), "path": "a.png", "benchmark": "one", "scale": 2}
        with torch.inference_mode():
            score.update(network, item)
    (row,) = score.compute()
    assert row.others["fid"] == pytest.approx(row.others["bicubic_fid"], rel=0.05)
    assert row.others["fid"] > 1e-5
    assert score.metrics()["one_x2/fid"] == row.others["fid"]


@pytest.mark.parametrize("make", [fid, kid])
def test_absent_weights_are_named(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("torch_fidelity") is None:
        # Stands in for the extra: an Inception that fetches its weights as torch-fidelity's does.
        address = "https://github.com/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
        library = SimpleNamespace(URL_INCEPTION_V3=address)
        name = "torch_fidelity.feature_extractor_inceptionv3"
        monkeypatch.setitem(sys.modules, "torch_fidelity", SimpleNamespace(__path__=[]))
        monkeypatch.setitem(sys.modules, name, library)
        fetch = lambda *names: torch.hub.load_state_dict_from_url(address)  # noqa: E731
        monkeypatch.setattr(set_level, "NoTrainInceptionV3", fetch)

    def offline(*args: object, **kwargs: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(CheckpointError) as error:
        make()
    message = str(error.value)
    assert "v0.2.0/weights-inception-2015-12-05-6726825d.pth" in message
    assert str(tmp_path / "checkpoints") in message
    assert f"leave {make.__name__} out of metrics" in message
    assert "\n" not in message


@pytest.mark.parametrize("make", [fid, kid])
def test_absent_package_is_named(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch_fidelity.feature_extractor_inceptionv3", None)
    with pytest.raises(ConfigError, match=r"pip install 'sr-experiments\[fid\]'"):
        make()


@pytest.mark.parametrize("name", ["subsets", "subset_size"])
def test_ranges_of_kid(name: str) -> None:
    node: Any = {"_target_": "sr_experiments.metrics.kid", name: 0}
    from omegaconf import OmegaConf

    with pytest.raises(ConfigError, match=rf"metrics\.kid\.{name} must be at least"):
        build("metrics.kid", OmegaConf.create(node))

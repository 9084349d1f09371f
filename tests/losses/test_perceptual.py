"""Perceptual losses on every backbone, against hooks on torchvision's own networks."""

import copy
import gc
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import get_model

from sr_experiments.errors import CheckpointError
from sr_experiments.losses import PerceptualLoss
from sr_experiments.losses.perceptual_backbones import BACKBONES, normalisation

SQUEEZENET = Path(__file__).parents[3] / "shared" / "checkpoints" / "squeezenet1_0_imagenet.pth"
needs_squeezenet = pytest.mark.skipif(
    not SQUEEZENET.is_file(), reason=f"ImageNet weights are not at {SQUEEZENET}"
)
# Module of the whole network whose output is the last feature map.
MODULES = {
    "vgg16": "features.29",
    "vgg16_bn": "features.42",
    "vgg19": "features.35",
    "resnet152": "layer4",
    "densenet201": "features.norm5",
    "resnext101_32x8d": "layer4",
    "wide_resnet101_2": "layer4",
    "inception_v3": "Mixed_7c",
    "squeezenet1_0": "features.12",
    "fcn_resnet101": "backbone.layer4",
    "deeplabv3_resnet101": "backbone.layer4",
    "maskrcnn_resnet50_fpn": "backbone.body.layer4",
}

#: Those whose construction takes no seconds.
QUICK = ("squeezenet1_0", "vgg16")


@pytest.fixture(autouse=True)
def _free() -> Iterator[None]:
    yield
    gc.collect()  # the largest backbone takes half a gigabyte


def images(n: int = 2, side: int = 80, channels: int = 3, seed: int = 0) -> Tensor:
    return torch.rand(n, channels, side, side, generator=torch.Generator().manual_seed(seed))


def squeeze(**options: object) -> PerceptualLoss:
    return PerceptualLoss("squeezenet1_0", weights=None, **options)  # type: ignore[arg-type]


def by_hook(network: nn.Module, module: str, x: Tensor) -> Tensor:
    """Output of a module of a plain torchvision network, before anything overwrites it."""
    kept: list[Tensor] = []
    handle = network.get_submodule(module).register_forward_hook(
        lambda m, i, out: kept.append(out.clone())
    )
    with torch.no_grad():
        getattr(network, "backbone", network)(x)
    handle.remove()
    return kept[0]


def plain_twin(name: str) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return get_model(name, weights=None, **dict(BACKBONES[name].options)).eval()


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in BACKBONES],
)
def test_every_backbone(name: str) -> None:
    loss = PerceptualLoss(name, weights=None, channels_last=False)
    generator = nn.Conv2d(3, 3, 3, padding=1)
    nn.Sequential(generator, loss).train()
    x, target = images(1), images(1, seed=1)

    loss(generator(x), target).backward()
    assert generator.weight.grad is not None
    assert generator.weight.grad.isfinite().all()
    assert generator.weight.grad.abs().sum() > 0

    (node,) = loss.weights
    found = loss.features(x)[node]
    assert torch.equal(found, loss.features(x)[node])
    assert not list(loss.parameters())
    assert not loss.state_dict()

    mean, std = normalisation(name)
    expected = by_hook(plain_twin(name), MODULES[name], (x - mean) / std)
    if name == "densenet201":
        expected = F.relu(expected)  # a function in the network, which no hook reaches
    assert torch.equal(found, expected)


@needs_squeezenet
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_real_weights_equal_a_hook(layout: torch.memory_format) -> None:
    network = get_model("squeezenet1_0", weights=None).eval()
    network.load_state_dict(torch.load(SQUEEZENET, weights_only=True))
    network = network.to(memory_format=layout)
    last = layout is torch.channels_last
    layers = {"features.5": 1.0, "features.12": 0.5}
    loss = PerceptualLoss("squeezenet1_0", layers, str(SQUEEZENET), channels_last=last)
    x = images()
    mean, std = normalisation("squeezenet1_0")
    normalised = ((x - mean) / std).contiguous(memory_format=layout)
    for node, found in loss.features(x).items():
        assert torch.equal(found, by_hook(network, node, normalised)), node
    x.requires_grad_()
    loss(x, images(seed=1)).backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_features_before_an_activation_in_place() -> None:
    loss = PerceptualLoss("vgg19", {"conv2_2": 1, "relu2_2": 1}, None, channels_last=False)
    before, behind = loss.features(images()).values()
    assert list(loss.weights) == ["features.7", "features.8"]
    assert before.min() < 0
    assert torch.equal(behind, before.relu())


def test_vgg54_is_the_last_activation() -> None:
    assert list(PerceptualLoss("vgg19", "relu5_4", None).weights) == ["features.35"]
    assert list(PerceptualLoss("vgg16_bn", "conv5_3", None).weights) == ["features.40"]


def test_layers_are_weighted() -> None:
    x, y = images(), images(seed=1)
    low, high = squeeze(layer="features.5"), squeeze(layer="features.12")
    both = squeeze(layer={"features.5": 0.25, "features.12": 2.0})
    torch.testing.assert_close(both(x, y), 0.25 * low(x, y) + 2 * high(x, y))


@pytest.mark.parametrize(("criterion", "power"), [("mse", 2), ("l1", 1)])
def test_rescale_acts_on_features(criterion: str, power: int) -> None:
    x, y = images(), images(seed=1)
    full, half = squeeze(criterion=criterion), squeeze(criterion=criterion, rescale=0.5)
    torch.testing.assert_close(half(x, y), full(x, y) * 0.5**power)


def test_unit_rms_forgets_the_scale() -> None:
    features = squeeze(unit_rms=True).features(images())["features.12"]
    rms = features.square().mean(dim=1).sqrt()
    torch.testing.assert_close(rms, torch.ones_like(rms), atol=1e-3, rtol=1e-3)


def test_gray_is_expanded() -> None:
    x, y = images(channels=1), images(channels=1, seed=1)
    loss = squeeze()
    torch.testing.assert_close(loss(x, y), loss(x.expand(-1, 3, -1, -1), y.expand(-1, 3, -1, -1)))


def test_sizes() -> None:
    loss = squeeze(layer="features.0")
    assert loss.features(images(side=16))["features.0"].shape[-1] == 13  # enlarged to 32
    assert squeeze(input_size=64).features(images())["features.12"].shape[-1] == 3
    x = images(side=40)
    wide = F.interpolate(x, [64, 64], mode="bilinear", antialias=True)
    a, b = squeeze(input_size=64).features(x), squeeze().features(wide)
    torch.testing.assert_close(a["features.12"], b["features.12"])


def test_without_normalisation() -> None:
    x = images()
    mean, std = normalisation("squeezenet1_0")
    raw, usual = squeeze(imagenet_norm=False), squeeze()
    a, b = raw.features((x - mean) / std), usual.features(x)
    assert torch.equal(a["features.12"], b["features.12"])


def test_bf16_and_autocast_stay_close() -> None:
    x, y = images(), images(seed=1)
    expected = squeeze()(x, y)
    with torch.autocast("cpu", torch.bfloat16):
        cast = squeeze()(x, y)
    for found in (squeeze(bf16=True)(x, y), cast):
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, expected, atol=0, rtol=0.05)


def test_random_features_are_named_and_the_same_in_every_run() -> None:
    state = torch.get_rng_state()
    with pytest.warns(UserWarning, match="RANDOM features of squeezenet1_0"):
        first = squeeze()
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(5)
    assert torch.equal(squeeze()(images(), images(seed=1)), first(images(), images(seed=1)))


def test_copies_share_the_backbone_and_moves_reach_it() -> None:
    loss = squeeze()
    assert copy.deepcopy(loss).extractor is loss.extractor
    moved = nn.Sequential(loss).double()[0]
    x = images().double()
    assert moved(x, x + 0.1).isfinite()


def test_default_weights_come_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(1)
    network = get_model("squeezenet1_0", weights=None).eval()
    file = tmp_path / "hub" / "checkpoints" / "squeezenet1_0-b66bff10.pth"
    file.parent.mkdir(parents=True)
    torch.save(network.state_dict(), file)
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    x = images()
    found = PerceptualLoss("squeezenet1_0", channels_last=False, imagenet_norm=False).features(x)
    assert torch.equal(found["features.12"], by_hook(network, "features.12", x))


def test_no_network_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*args: object, **kwargs: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(CheckpointError) as error:
        PerceptualLoss("vgg16")
    message = str(error.value)
    assert "https://download.pytorch.org/models/vgg16-397923af.pth (528 MB)" in message
    assert str(tmp_path / "checkpoints" / "vgg16-397923af.pth") in message


def test_old_names_of_densenet(tmp_path: Path) -> None:
    network = plain_twin("densenet201")
    old = {
        k.replace("norm1.", "norm.1.").replace("conv2.", "conv.2."): v
        for k, v in network.state_dict().items()
        if not k.endswith("num_batches_tracked")
    }
    torch.save(old, tmp_path / "old.pth")
    node = "features.denseblock1"
    loaded = PerceptualLoss("densenet201", node, str(tmp_path / "old.pth"), channels_last=False)
    made = PerceptualLoss("densenet201", node, None, channels_last=False)
    assert torch.equal(*(next(iter(f.features(images(1)).values())) for f in (loaded, made)))


def test_files_that_do_not_serve(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no file .*no\.pth"):
        PerceptualLoss("vgg16", weights=str(tmp_path / "no.pth"))
    broken = tmp_path / "broken.pth"
    broken.write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match=r"broken\.pth: is text, no weights"):
        PerceptualLoss("vgg16", weights=str(broken))
    torch.save(get_model("squeezenet1_0", weights=None).state_dict(), broken)
    with pytest.raises(CheckpointError, match=r"do not fit: features\.0\.weight has the shape"):
        PerceptualLoss("vgg16", weights=str(broken))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backbone": "vgg61"}, "backbone must be one of vgg16, "),
        ({"layer": "conv5_5"}, r"did you mean conv5_4 .*; valid are conv1_1 relu1_1 "),
        ({"layer": {"relu5_4": 1, "x": 1}}, "layer must be a layer of vgg19, got 'x'"),
        ({"criterion": "l2"}, "criterion must be mse or l1"),
        ({"rescale": 0.0}, "rescale must be positive"),
        ({"input_size": 20}, "input_size must be at least 32 for vgg19"),
    ],
)
def test_impossible_arguments(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PerceptualLoss(**{"weights": "unread", **options})  # type: ignore[arg-type]


@pytest.mark.slow
def test_compiled() -> None:
    x, y = images(), images(seed=1)
    torch.testing.assert_close(squeeze(compile=True)(x, y), squeeze()(x, y), rtol=1e-3, atol=1e-6)

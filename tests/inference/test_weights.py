"""Weights of other implementations compute the same here as there."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import conv2d, interpolate, leaky_relu, pixel_shuffle, relu

from sr_experiments.errors import CheckpointError
from sr_experiments.inference.weights import convert_keys, load_weights
from sr_experiments.models import EDSR, RCAN, VDSR, DnCNN, MSRResNet

PYTORCH_VDSR = Path(__file__).parents[2] / "../shared/checkpoints/pytorch_vdsr.pth"
MEAN = torch.tensor([0.4488, 0.4371, 0.4040]).view(1, 3, 1, 1)


def conv(n_in: int, n_out: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(n_in, n_out, kernel, padding=kernel // 2)


def holder(**children: nn.Module) -> nn.Module:
    """A module for its names only."""
    module = nn.Module()
    for name, child in children.items():
        module.add_module(name, child)
    return module


def edsr_pytorch(channels: int = 8) -> nn.Module:
    block = [
        holder(body=nn.Sequential(conv(channels, channels), nn.ReLU(), conv(channels, channels)))
        for _ in range(2)
    ]
    up = nn.Sequential(conv(channels, 9 * channels), nn.PixelShuffle(3))
    shifts = {"sub_mean": nn.Conv2d(3, 3, 1), "add_mean": nn.Conv2d(3, 3, 1)}
    shifts["sub_mean"].bias.data = -255 * MEAN.flatten()
    return holder(
        **shifts,
        head=nn.Sequential(conv(3, channels)),
        body=nn.Sequential(*block, conv(channels, channels)),
        tail=nn.Sequential(up, conv(channels, 3)),
    )


def rcan(channels: int = 8) -> nn.Module:
    def block() -> nn.Module:
        attention = holder(
            conv_du=nn.Sequential(conv(channels, 2, 1), nn.ReLU(), conv(2, channels, 1))
        )
        layers = [conv(channels, channels), nn.ReLU(), conv(channels, channels), attention]
        return holder(body=nn.Sequential(*layers))

    groups = [
        holder(body=nn.Sequential(block(), block(), conv(channels, channels))) for _ in range(2)
    ]
    up = nn.Sequential(conv(channels, 4 * channels), nn.PixelShuffle(2))
    return holder(
        head=nn.Sequential(conv(3, channels)),
        body=nn.Sequential(*groups, conv(channels, channels)),
        tail=nn.Sequential(up, conv(channels, 3)),
    )


def basicsr_edsr(channels: int = 8) -> nn.Module:
    pair = [conv(channels, channels) for _ in range(4)]
    return holder(
        conv_first=conv(3, channels),
        body=nn.Sequential(*(holder(conv1=pair[i], conv2=pair[i + 1]) for i in (0, 2))),
        conv_after_body=conv(channels, channels),
        upsample=nn.Sequential(
            conv(channels, 4 * channels),
            nn.PixelShuffle(2),
            conv(channels, 4 * channels),
            nn.PixelShuffle(2),
        ),
        conv_last=conv(channels, 3),
    )


def basicsr_rcan(channels: int = 8) -> nn.Module:
    def block() -> nn.Module:
        gate = [nn.Identity(), conv(channels, 2, 1), nn.ReLU(), conv(2, channels, 1)]
        attention = holder(attention=nn.Sequential(*gate))
        layers = [conv(channels, channels), nn.ReLU(), conv(channels, channels), attention]
        return holder(rcab=nn.Sequential(*layers))

    groups = [
        holder(residual_group=nn.Sequential(block(), block()), conv=conv(channels, channels))
        for _ in range(2)
    ]
    return holder(
        conv_first=conv(3, channels),
        body=nn.Sequential(*groups),
        conv_after_body=conv(channels, channels),
        upsample=nn.Sequential(conv(channels, 4 * channels), nn.PixelShuffle(2)),
        conv_last=conv(channels, 3),
    )


def msrresnet(channels: int = 8) -> nn.Module:
    return holder(
        conv_first=conv(3, channels),
        body=nn.Sequential(
            *(holder(conv1=conv(channels, channels), conv2=conv(channels, channels)) for _ in "ab")
        ),
        upconv1=conv(channels, 4 * channels),
        upconv2=conv(channels, 4 * channels),
        conv_hr=conv(channels, channels),
        conv_last=conv(channels, 3),
    )


def loaded(network: nn.Module, state: dict) -> nn.Module:
    network.load_state_dict(convert_keys(state, network))
    return network.eval()


def test_edsr_pytorch_computes_on_255() -> None:
    torch.manual_seed(0)
    theirs = edsr_pytorch()
    ours = loaded(EDSR((3,), blocks=2, channels=8, res_scale=0.1), theirs.state_dict())
    x = torch.rand(1, 3, 6, 5)
    shallow = theirs.head(255 * (x - MEAN))
    deep = shallow
    for block in theirs.body[:2]:
        deep = deep + 0.1 * block.body(deep)
    out = theirs.tail(shallow + theirs.body[2](deep)) / 255 + MEAN
    torch.testing.assert_close(ours(x), out)


def test_basicsr_edsr_computes_on_255() -> None:
    torch.manual_seed(0)
    theirs = basicsr_edsr()
    ours = loaded(EDSR((4,), blocks=2, channels=8), {**theirs.state_dict()})
    x = torch.rand(1, 3, 6, 5)
    shallow = theirs.conv_first(255 * (x - MEAN))
    deep = shallow
    for block in theirs.body:
        deep = deep + block.conv2(relu(block.conv1(deep)))
    deep = theirs.upsample(shallow + theirs.conv_after_body(deep))
    torch.testing.assert_close(ours(x), theirs.conv_last(deep) / 255 + MEAN)


def gated(x: torch.Tensor, layers: nn.Sequential) -> torch.Tensor:
    return x * layers(x.mean((2, 3), keepdim=True)).sigmoid()


def test_rcan() -> None:
    torch.manual_seed(0)
    theirs = rcan()
    network = RCAN((2,), groups=2, blocks=2, channels=8, reduction=4)
    ours = loaded(network, theirs.state_dict())
    x = torch.rand(1, 3, 6, 5)
    shallow = theirs.head(255 * (x - MEAN))
    deep = shallow
    for group in theirs.body[:2]:
        inner = deep
        for block in group.body[:2]:
            inner = inner + gated(block.body[:3](inner), block.body[3].conv_du)
        deep = deep + group.body[2](inner)
    out = theirs.tail(shallow + theirs.body[2](deep)) / 255 + MEAN
    torch.testing.assert_close(ours(x), out)


def test_basicsr_rcan() -> None:
    torch.manual_seed(0)
    theirs = basicsr_rcan()
    network = RCAN((2,), groups=2, blocks=2, channels=8, reduction=4)
    ours = loaded(network, theirs.state_dict())
    x = torch.rand(1, 3, 6, 5)
    shallow = theirs.conv_first(255 * (x - MEAN))
    deep = shallow
    for group in theirs.body:
        inner = deep
        for block in group.residual_group:
            inner = inner + gated(block.rcab[:3](inner), block.rcab[3].attention)
        deep = deep + group.conv(inner)
    deep = theirs.upsample(shallow + theirs.conv_after_body(deep))
    torch.testing.assert_close(ours(x), theirs.conv_last(deep) / 255 + MEAN)


def test_msrresnet() -> None:
    torch.manual_seed(0)
    theirs = msrresnet()
    ours = loaded(MSRResNet((4,), blocks=2, channels=8), theirs.state_dict())
    x = torch.rand(1, 3, 6, 5)
    features = leaky_relu(theirs.conv_first(x), 0.1)
    for block in theirs.body:
        features = features + block.conv2(relu(block.conv1(features)))
    for up in (theirs.upconv1, theirs.upconv2):
        features = leaky_relu(pixel_shuffle(up(features), 2), 0.1)
    out = theirs.conv_last(leaky_relu(theirs.conv_hr(features), 0.1))
    torch.testing.assert_close(ours(x), out + interpolate(x, scale_factor=4, mode="bilinear"))


@pytest.mark.skipif(not PYTORCH_VDSR.is_file(), reason=f"needs {PYTORCH_VDSR.name} beside the repo")
def test_pytorch_vdsr_of_its_authors() -> None:
    state = load_weights(PYTORCH_VDSR)
    ours = loaded(VDSR(bias=False), state)
    x = torch.rand(1, 1, 12, 9)
    features = relu(conv2d(x, state["input.weight"], padding=1))
    for i in range(18):
        features = relu(conv2d(features, state[f"residual_layer.{i}.conv.weight"], padding=1))
    out = x + conv2d(features, state["output.weight"], padding=1)
    torch.testing.assert_close(ours(x), out)


def dncnn(norm: bool, bias: bool, channels: int = 8, depth: int = 5, eps: float = 1e-4):
    """The stack of DnCNN as its codes write it, with random statistics."""
    layers: list[nn.Module] = [nn.Conv2d(1, channels, 3, padding=1, bias=bias), nn.ReLU()]
    for _ in range(depth - 2):
        # Zhang's training code keeps the first bias alone, KAIR's keeps all.
        layers.append(nn.Conv2d(channels, channels, 3, padding=1, bias=bias and not norm))
        if norm:
            layers.append(nn.BatchNorm2d(channels, eps=eps))
            for statistic in (layers[-1].weight, layers[-1].running_var):
                nn.init.uniform_(statistic, 0.001, 2)
            for statistic in (layers[-1].bias, layers[-1].running_mean):
                nn.init.normal_(statistic)
        layers.append(nn.ReLU())
    return nn.Sequential(*layers, nn.Conv2d(channels, 1, 3, padding=1, bias=bias and not norm))


@pytest.mark.parametrize(
    ("name", "norm", "bias", "eps"),
    [
        ("model", False, True, 0.0),  # KAIR's released files, e.g. dncnn_25.pth
        ("model", True, True, 1e-4),  # trained with KAIR
        ("dncnn", True, True, 1e-4),  # Zhang's training code
        ("dncnn", True, False, 1e-5),  # SaoYan's DnCNN-PyTorch
        ("module.dncnn", True, False, 1e-5),  # the same behind DataParallel
    ],
)
def test_dncnn_merges_its_normalisation_and_adds_what_it_subtracts(name, norm, bias, eps, tmp_path):
    torch.manual_seed(0)
    theirs = dncnn(norm, bias, eps=eps).eval()
    state = {f"{name}.{key}": value for key, value in theirs.state_dict().items()}
    torch.save(state, tmp_path / "dncnn.pth")
    network = DnCNN(depth=5, channels=8)
    ours = loaded(network, load_weights(tmp_path / "dncnn.pth"))
    x = torch.rand(1, 1, 12, 9)
    torch.testing.assert_close(ours(x), x - theirs(x), atol=1e-5, rtol=1e-4)


def test_dncnn_of_another_depth_is_refused() -> None:
    state = {f"model.{key}": value for key, value in dncnn(False, True).state_dict().items()}
    with pytest.raises(CheckpointError, match=r"these DnCNN weights do not fit DnCNN: 2 missing"):
        convert_keys(state, DnCNN(depth=6, channels=8))


def test_own_weights_pass_unchanged() -> None:
    network = VDSR(depth=4, channels=4)
    converted = convert_keys(network.state_dict(), network)
    assert all(torch.equal(converted[k], v) for k, v in network.state_dict().items())


def wrappers(state: dict) -> dict[str, object]:
    def prefixed(prefix: str) -> dict:
        return {prefix + k: v for k, v in state.items()}

    return {
        "plain": state,
        "lightning": {
            "epoch": 3,
            "state_dict": {**prefixed("network."), "loss.vgg.weight": torch.ones(1)},
        },
        "basicsr": {"params": {"wrong": torch.ones(1)}, "params_ema": state},
        "model": {"model": prefixed("module.")},
        "compiled": prefixed("_orig_mod."),
        "lightning compiled": {"state_dict": prefixed("network._orig_mod.")},
        "averaged": {**prefixed("module."), "n_averaged": torch.tensor(1)},
    }


@pytest.mark.parametrize("kind", wrappers({}))
def test_containers_and_wrappers_are_seen_through(kind: str, tmp_path: Path) -> None:
    network = VDSR(depth=3, channels=4)
    state = network.state_dict()
    torch.save(wrappers(state)[kind], tmp_path / "weights.pth")
    found = load_weights(tmp_path / "weights.pth")
    assert found.keys() == state.keys()
    assert all(torch.equal(found[k], state[k]) for k in state)


def test_safetensors(tmp_path: Path) -> None:
    state = VDSR(depth=3, channels=4).state_dict()
    save_file(state, tmp_path / "weights.safetensors")
    found = load_weights(tmp_path / "weights.safetensors")
    assert all(torch.equal(found[k], state[k]) for k in state)


def test_a_part_may_keep_its_own_weights() -> None:
    x2, x3 = (EDSR((scale,), blocks=1, channels=4) for scale in (2, 3))
    with pytest.raises(CheckpointError, match=r"2 of another shape \(upsample\.0\.bias"):
        convert_keys(x2.state_dict(), x3)
    state = convert_keys(x2.state_dict(), x3, keep=["upsample."])
    assert torch.equal(state["head.weight"], x2.head.weight)
    assert state.keys() == x3.state_dict().keys() - {"upsample.0.weight", "upsample.0.bias"}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (VDSR(depth=4, channels=4, bias=False).state_dict(), r"4 missing \(body.0.bias, body.2"),
        (VDSR(depth=5, channels=4).state_dict(), r"2 unexpected \(body.8.bias, body.8.weight\)"),
        (VDSR(depth=4, channels=8).state_dict(), r"body.0.weight \[8, 1, 3, 3\] for \[4, 1, 3, 3"),
        (edsr_pytorch().state_dict(), "these EDSR-PyTorch weights do not fit VDSR"),
        (basicsr_edsr().state_dict(), "these BasicSR weights do not fit VDSR"),
    ],
)
def test_a_misfit_is_described_in_one_line(state: dict, message: str) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        convert_keys(state, VDSR(depth=4, channels=4))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


class Innocent:
    pass


@pytest.mark.parametrize("content", [Innocent(), {"model": Innocent()}, {"lr": 0.1}, {}, [1, 2]])
def test_what_holds_no_tensors_is_refused(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(CheckpointError, match=r"weights\.pth"):
        load_weights(tmp_path / "weights.pth")

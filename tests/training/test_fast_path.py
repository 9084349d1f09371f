"""The fast ways of a training step against the plain one."""

import shutil

import pytest
import torch
from torch import Tensor, nn

from sr_experiments.errors import ConfigError
from sr_experiments.models import EDSR, VDSR, Network
from sr_experiments.training.fast_path import fast_forward

#: Without a compiler torch.compile has nothing to compile with.
needs_compiler = pytest.mark.skipif(not shutil.which("g++"), reason="there is no C++ compiler")


def step(network: nn.Module, forward, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """The output and the gradients of a sum of squares."""
    network.zero_grad()
    out = forward(x)
    out.square().mean().backward()
    return out, {name: p.grad.clone() for name, p in network.named_parameters()}


@pytest.mark.parametrize(
    "fast",
    [
        {"channels_last": True},
        pytest.param({"compile": True}, marks=[needs_compiler, pytest.mark.slow]),
        pytest.param(
            {"compile": True, "channels_last": True}, marks=[needs_compiler, pytest.mark.slow]
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "make",
    [
        lambda: VDSR(depth=4, channels=8),
        lambda: EDSR(scales=(2,), channels=8, blocks=2),
        lambda: VDSR(depth=3, channels=8, conv="deconv"),
    ],
    ids=["vdsr", "edsr", "deconv"],
)
def test_a_fast_step_is_the_plain_one(make, fast: dict[str, bool]) -> None:
    torch.manual_seed(0)
    network = make().double()
    x = torch.rand(2, network.in_channels, 12, 14, dtype=torch.float64)
    state = {key: value.clone() for key, value in network.state_dict().items()}
    expected = step(network, network, x)
    network.load_state_dict(state)
    found = step(network, fast_forward(network, **fast), x)
    torch.testing.assert_close(found[0], expected[0], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(found[1], expected[1], rtol=1e-9, atol=1e-12)
    assert list(network.state_dict()) == list(state)


def test_scoring_stays_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network itself is called as before, whatever its training has compiled."""
    monkeypatch.setattr(torch, "compile", lambda f, dynamic: lambda x: f(x) + 1)
    network = VDSR(depth=3, channels=4)
    x = torch.rand(1, 1, 8, 8)
    assert torch.equal(fast_forward(network, compile=True)(x), network(x) + 1)


def test_what_cannot_be_compiled_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_):
        raise torch._dynamo.exc.InternalTorchDynamoError("no such thing\n\nmany lines")

    monkeypatch.setattr(torch, "compile", lambda f, dynamic: failing)
    with pytest.raises(ConfigError, match=r"Network here \(no such thing\); device.compile=false"):
        fast_forward(Network(), compile=True)(torch.rand(1, 1, 8, 8))

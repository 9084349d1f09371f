import pytest
import torch
from torch import nn

from sr_experiments.training.clipping import (
    AdjustableClipping,
    NoClipping,
    NormClipping,
    ValueClipping,
)


def groups(*rates: float) -> list[dict[str, object]]:
    result = []
    for rate in rates:
        parameter = nn.Parameter(torch.zeros(4))
        parameter.grad = torch.tensor([-3.0, -0.1, 0.2, 5.0])
        result.append({"params": [parameter, nn.Parameter(torch.zeros(2))], "lr": rate})
    return result


def gradients(param_groups) -> list[list[float]]:
    return [group["params"][0].grad.tolist() for group in param_groups]


def test_adjustable_uses_each_groups_current_rate():
    both = groups(0.1, 1.0)
    fraction = AdjustableClipping(theta=0.1)(both)
    assert gradients(both) == [
        pytest.approx([-1.0, -0.1, 0.2, 1.0]),
        pytest.approx([-0.1, -0.1, 0.1, 0.1]),
    ]
    assert fraction.item() == pytest.approx(5 / 8)
    assert fraction.ndim == 0


def test_a_plain_sgd_step_never_moves_a_weight_further_than_theta():
    parameter = nn.Parameter(torch.randn(50))
    optimizer = torch.optim.SGD([parameter], lr=0.3)
    for rate in (0.3, 0.03, 7.0):
        optimizer.param_groups[0]["lr"] = rate
        parameter.grad = torch.randn(50) * 100
        before = parameter.detach().clone()
        AdjustableClipping(theta=0.01)(optimizer.param_groups)
        optimizer.step()
        assert (parameter - before).abs().max() <= 0.01 + 1e-6


def test_a_rate_of_zero_clips_nothing():
    still = groups(0.0)
    assert AdjustableClipping()(still) == 0
    assert gradients(still) == [pytest.approx([-3.0, -0.1, 0.2, 5.0])]


def test_norm_equals_torch_over_all_groups():
    both, twin = groups(0.1, 1.0), groups(0.1, 1.0)
    assert NormClipping(2.0)(both) == 1
    torch.nn.utils.clip_grad_norm_([p for g in twin for p in g["params"]], 2.0)
    assert gradients(both) == gradients(twin)
    assert NormClipping(1e6)(both) == 0


def test_value_and_none():
    clipped = groups(0.1)
    assert ValueClipping(1.0)(clipped).item() == pytest.approx(0.5)
    assert gradients(clipped) == [pytest.approx([-1.0, -0.1, 0.2, 1.0])]
    untouched = groups(0.1)
    assert NoClipping()(untouched) == 0
    assert gradients(untouched) == [pytest.approx([-3.0, -0.1, 0.2, 5.0])]


@pytest.mark.parametrize("make", [AdjustableClipping, NormClipping, ValueClipping])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_refuses(make, value: float):
    with pytest.raises(ValueError, match="must be positive"):
        make(value)

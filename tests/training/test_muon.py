"""Muon against torch's own, which takes matrices alone, and against Adam."""

import pytest
import torch
from torch import nn

from sr_experiments.training.muon import Muon, orthogonalise
from sr_experiments.training.optimizers import make_optimizer


@pytest.mark.parametrize("shape", [(8, 27), (27, 8), (5, 5)])
def test_singular_values_come_near_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
    assert values.min() > 0.3
    assert values.max() < 1.3


def train(make: type, network: nn.Module, **options: object) -> list[torch.Tensor]:
    torch.manual_seed(1)
    optimizer = make(network.parameters(), **options)
    for _ in range(4):
        optimizer.zero_grad()
        x = torch.randn(16, 12)
        (network(x) - x[:, :6]).square().mean().backward()
        optimizer.step()
    return [parameter.detach().clone() for parameter in network.parameters()]


def test_matrices_move_as_by_torch() -> None:
    torch.manual_seed(0)
    start = nn.Linear(12, 6, bias=False).state_dict()
    found = []
    for make, options in (
        (torch.optim.Muon, {"adjust_lr_fn": "match_rms_adamw"}),
        (Muon, {}),
    ):
        network = nn.Linear(12, 6, bias=False)
        network.load_state_dict(start)
        found += train(make, network, lr=0.01, weight_decay=0.1, momentum=0.9, **options)
    moved = (found[0] - start["weight"]).norm()
    assert (found[0] - found[1]).norm() < 0.02 * moved  # torch iterates in bfloat16


def test_vectors_move_as_by_adamw() -> None:
    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(6))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[:, 6:] * self.scale

    options = {"lr": 0.01, "weight_decay": 0.1}
    ours, theirs = (train(make, Scale(), **options) for make in (Muon, torch.optim.AdamW))
    torch.testing.assert_close(ours, theirs)


def test_a_kernel_is_a_matrix_of_out_rows() -> None:
    torch.manual_seed(0)
    network = nn.Conv2d(3, 4, 3)
    before = network.weight.detach().clone()
    optimizer = make_optimizer(network, "sr_experiments.training.muon.Muon", 0.1)
    network(torch.rand(2, 3, 8, 8)).square().mean().backward()
    optimizer.step()
    step = (before - network.weight.detach()).flatten(1) / 0.1
    expected = orthogonalise(network.weight.grad.flatten(1)) * 0.2 * 27**0.5
    torch.testing.assert_close(step, expected, rtol=1e-3, atol=1e-3)
    resumed = make_optimizer(network, "sr_experiments.training.muon.Muon", 0.1)
    resumed.load_state_dict(optimizer.state_dict())
    assert len(resumed.state) == 2


def test_momentum_out_of_range() -> None:
    with pytest.raises(ValueError, match="momentum must be in"):
        Muon(nn.Linear(2, 2).parameters(), momentum=1.0)

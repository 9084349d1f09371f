"""Weighted sums of losses."""

import pytest
import torch

from sr_experiments.losses import (
    AdversarialLoss,
    CompositeLoss,
    GANLoss,
    L1Loss,
    MSELoss,
    TotalVariationLoss,
)
from sr_experiments.models import Discriminator

X, Y = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)


def test_named_weighted_parts() -> None:
    loss = CompositeLoss({"pixel": 2.0, "edge": 0.5}, pixel=L1Loss(), edge=MSELoss("mean"))
    parts = loss(X, Y)
    assert list(parts) == ["pixel", "edge"]
    torch.testing.assert_close(parts["pixel"], 2 * (X - Y).abs().mean())
    torch.testing.assert_close(parts["edge"], 0.5 * (X - Y).square().mean())


def test_weight_zero_costs_nothing() -> None:
    class Refuses(torch.nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            raise AssertionError

    assert list(CompositeLoss({"a": 1, "b": 0}, a=L1Loss(), b=Refuses())(X, Y)) == ["a"]


@pytest.mark.parametrize("weights", [{"pixel": 1.0}, {"pixel": 1.0, "edge": 1.0, "more": 1.0}])
def test_weights_name_the_terms(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="weights must name the loss's terms, which are pixel, e"):
        CompositeLoss(weights, pixel=L1Loss(), edge=L1Loss())


def test_gan_loss_sets_its_adversary_apart() -> None:
    loss = GANLoss(AdversarialLoss(), Discriminator, {"adversarial": 0.1, "a": 3.0}, a=L1Loss())
    assert loss.weight == 0.1
    assert list(loss.restoration(X, Y)) == ["a"]
    with pytest.raises(ValueError, match="weights must name adversarial"):
        GANLoss(AdversarialLoss(), Discriminator, {"a": 3.0}, a=L1Loss())


def test_total_variation_by_loops() -> None:
    x = X[0, 0].double()
    down = [(x[i + 1, j] - x[i, j]) ** 2 for i in range(7) for j in range(8)]
    across = [(x[i, j + 1] - x[i, j]) ** 2 for i in range(8) for j in range(7)]
    expected = torch.stack(down).mean() + torch.stack(across).mean()
    torch.testing.assert_close(TotalVariationLoss()(x[None, None], Y), expected)

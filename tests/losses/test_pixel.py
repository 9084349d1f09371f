import pytest
import torch

from sr_experiments.losses import CharbonnierLoss, L1Loss, MSELoss

PREDICTION, TARGET = torch.rand(3, 1, 5, 6), torch.rand(3, 1, 5, 6)


def test_half_sum_is_the_papers_reduction():
    per_image = 0.5 * (PREDICTION - TARGET).square().flatten(1).sum(dim=1)
    assert torch.allclose(MSELoss()(PREDICTION, TARGET), per_image.mean())


def test_mean_is_torchs():
    expected = torch.nn.functional.mse_loss(PREDICTION, TARGET)
    assert torch.equal(MSELoss("mean")(PREDICTION, TARGET), expected)


def test_charbonnier_is_l1_far_from_zero_and_flat_at_it():
    l1 = L1Loss()(PREDICTION, TARGET)
    assert torch.allclose(CharbonnierLoss(1e-9)(PREDICTION, TARGET), l1, atol=1e-6)
    equal = PREDICTION.clone().requires_grad_()
    CharbonnierLoss()(equal, PREDICTION).backward()
    assert equal.grad is not None
    assert not equal.grad.any()


def test_refuses():
    with pytest.raises(ValueError, match="reduction"):
        MSELoss("sum")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="eps"):
        CharbonnierLoss(0)

"""Adversarial losses against their formulas in float64."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from sr_experiments.losses import AdversarialLoss

REAL = np.array([2.0, -1.0, 0.5])
FAKE = np.array([-3.0, 0.25, 1.0])


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def column(x: np.ndarray) -> Tensor:
    return torch.from_numpy(x)[:, None]


def cross_entropy(p: np.ndarray, label: float) -> float:
    return float(-(label * np.log(p) + (1 - label) * np.log(1 - p)).mean())


AVERAGE = (sigmoid(REAL - FAKE.mean()), sigmoid(FAKE - REAL.mean()))
EXPECTED = {
    "vanilla": (
        -np.log(sigmoid(REAL)).mean() - np.log(1 - sigmoid(FAKE)).mean(),
        -np.log(sigmoid(FAKE)).mean(),
    ),
    "least_squares": (
        ((REAL - 1) ** 2).mean() / 2 + (FAKE**2).mean() / 2,
        ((FAKE - 1) ** 2).mean() / 2,
    ),
    "hinge": (
        np.maximum(0, 1 - REAL).mean() + np.maximum(0, 1 + FAKE).mean(),
        -FAKE.mean(),
    ),
    "relativistic": (
        (-np.log(AVERAGE[0]).mean() - np.log(1 - AVERAGE[1]).mean()) / 2,
        (-np.log(AVERAGE[1]).mean() - np.log(1 - AVERAGE[0]).mean()) / 2,
    ),
    "linear": (
        1 - sigmoid(REAL).mean() + sigmoid(FAKE).mean(),
        (1 - sigmoid(FAKE)).mean(),
    ),
}


@pytest.mark.parametrize("kind", EXPECTED)
def test_formulas(kind: str) -> None:
    loss = AdversarialLoss(kind)  # type: ignore[arg-type]
    real, fake = column(REAL), column(FAKE)
    found = (loss.discriminator(real, fake).item(), loss.generator(real, fake).item())
    assert found == pytest.approx(EXPECTED[kind], rel=1e-5)


def test_label_smoothing() -> None:
    real, fake = column(REAL), column(FAKE)
    expected = cross_entropy(sigmoid(REAL), 0.9) + cross_entropy(sigmoid(FAKE), 0.0)
    loss = AdversarialLoss("vanilla", 0.1)
    assert loss.discriminator(real, fake).item() == pytest.approx(expected, rel=1e-5)
    # The generator's labels stay 1.
    plain = AdversarialLoss("vanilla")
    assert torch.equal(loss.generator(real, fake), plain.generator(real, fake))
    expected = (((REAL - 0.9) ** 2).mean() + (FAKE**2).mean()) / 2
    squares = AdversarialLoss("least_squares", 0.1)
    assert squares.discriminator(real, fake).item() == pytest.approx(expected, rel=1e-5)


def test_vanilla_does_not_saturate() -> None:
    fake = torch.tensor([[-50.0]], requires_grad=True)
    AdversarialLoss("vanilla").generator(torch.tensor([[50.0]]), fake).backward()
    assert fake.grad is not None
    assert fake.grad.item() == pytest.approx(-1)


@pytest.mark.parametrize("kind", EXPECTED)
def test_both_sides_descend_to_their_own_advantage(kind: str) -> None:
    loss = AdversarialLoss(kind)  # type: ignore[arg-type]
    real, fake = (torch.full((4, 1), 0.5, requires_grad=True) for _ in range(2))
    loss.discriminator(real, fake).backward()
    assert real.grad is not None
    assert fake.grad is not None
    assert (real.grad < 0).all()
    assert (fake.grad > 0).all()
    fake.grad = None
    loss.generator(real.detach(), fake).backward()
    assert (fake.grad < 0).all()


@pytest.mark.parametrize("kind", EXPECTED)
@given(shift=st.floats(-1e4, 1e4))
def test_probabilities_are_within_0_and_1(kind: str, shift: float) -> None:
    loss = AdversarialLoss(kind)  # type: ignore[arg-type]
    for value in loss.probabilities(column(REAL) + shift, column(FAKE) - shift):
        assert 0 <= value.item() <= 1
    assert math.isfinite(loss.discriminator(column(REAL) + shift, column(FAKE)).item())


def test_bf16_logits_give_a_float32_loss() -> None:
    logits = column(REAL).bfloat16()
    assert AdversarialLoss().generator(logits, logits).dtype == torch.float32


@pytest.mark.parametrize(
    ("kind", "smoothing", "message"),
    [
        ("wgan", 0.0, "kind must be one of vanilla, least_squares, hinge"),
        ("vanilla", 1.0, r"label_smoothing must be in \[0, 1\)"),
        ("hinge", 0.1, "label_smoothing must be 0 for kind hinge"),
    ],
)
def test_impossible_arguments(kind: str, smoothing: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AdversarialLoss(kind, smoothing)  # type: ignore[arg-type]

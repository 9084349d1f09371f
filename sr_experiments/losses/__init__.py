"""Losses: modules from a prediction and its target to a scalar, or to named parts of one."""

from sr_experiments.losses.adversarial import AdversarialLoss
from sr_experiments.losses.composite import CompositeLoss, GANLoss, TotalVariationLoss
from sr_experiments.losses.perceptual import PerceptualLoss
from sr_experiments.losses.pixel import CharbonnierLoss, L1Loss, MSELoss

__all__ = [
    "AdversarialLoss",
    "CharbonnierLoss",
    "CompositeLoss",
    "GANLoss",
    "L1Loss",
    "MSELoss",
    "PerceptualLoss",
    "TotalVariationLoss",
]

"""Losses: modules from a prediction and its target to a scalar, or to named parts of one."""

from sr_experiments.losses.adversarial import AdversarialLoss
from sr_experiments.losses.artifacts import ArtifactLoss
from sr_experiments.losses.composite import CompositeLoss, GANLoss, TotalVariationLoss
from sr_experiments.losses.focal_frequency import FocalFrequencyLoss
from sr_experiments.losses.ms_ssim import MSSSIML1Loss
from sr_experiments.losses.perceptual import PerceptualLoss
from sr_experiments.losses.pixel import CharbonnierLoss, L1Loss, MSELoss

__all__ = [
    "AdversarialLoss",
    "ArtifactLoss",
    "CharbonnierLoss",
    "CompositeLoss",
    "FocalFrequencyLoss",
    "GANLoss",
    "L1Loss",
    "MSELoss",
    "MSSSIML1Loss",
    "PerceptualLoss",
    "TotalVariationLoss",
]

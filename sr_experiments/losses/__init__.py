"""Losses: modules from a prediction and its target to a scalar."""

from sr_experiments.losses.pixel import CharbonnierLoss, L1Loss, MSELoss

__all__ = ["CharbonnierLoss", "L1Loss", "MSELoss"]

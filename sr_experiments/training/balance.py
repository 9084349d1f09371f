"""Notices that one side of a GAN has won."""

import torch
from pytorch_lightning.utilities import rank_zero_warn
from torch import Tensor


class Balance:
    """Warns when generator or discriminator has won for many steps, so that neither learns.

    The discriminator has won when D(photographs) > 0.95 and D(results) < 0.05, the generator when
    D(results) > 0.95.

    Args:
        patience: consecutive steps until the warning; it comes once per side.
        every: steps between two looks, since each look makes an accelerator wait.
    """

    def __init__(self, patience: int = 200, every: int = 10) -> None:
        self.patience, self.every = patience, every
        self.won: Tensor | None = None  # steps in a row: discriminator, generator
        self.warned = [False, False]

    def update(self, d_real: Tensor, d_fake: Tensor, step: int) -> None:
        """Adds one step's D(photographs) and D(results), scalars in [0, 1]."""
        winning = torch.stack([(d_real > 0.95) & (d_fake < 0.05), d_fake > 0.95])
        won = torch.zeros_like(winning, dtype=torch.int64) if self.won is None else self.won
        self.won = (won + 1) * winning
        if step % self.every:
            return
        for side, steps in enumerate(self.won.tolist()):
            if steps >= self.patience and not self.warned[side]:
                self.warned[side] = True
                rank_zero_warn(_MESSAGES[side].format(step=step, steps=steps))


_MESSAGES = (
    "the discriminator has won for {steps} steps at step {step}: D(photographs) > 0.95 and "
    "D(results) < 0.05, so that the generator learns little from it. Try "
    "loss.adversarial.label_smoothing=0.1, a smaller optim.lr, or another loss.adversarial.kind.",
    "the generator has won for {steps} steps at step {step}: D(results) > 0.95, so that the "
    "discriminator tells nothing apart. Try a larger loss.weights.content, a smaller optim.lr, or "
    "clipping=norm.",
)

"""What a generator and its discriminator play for."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Kind = Literal["vanilla", "least_squares", "hinge", "relativistic", "linear"]


class AdversarialLoss(nn.Module):
    """The two losses of a GAN on the discriminator's logits.

    Args:
        kind: "vanilla": cross entropy, for the generator in the form -log D(G(x)) that does not
            saturate (Goodfellow et al., NIPS 2014, Sec. 3; SRGAN, Eq. 6). "least_squares": LSGAN
            (Mao et al., ICCV 2017, Eq. 9, labels 0 and 1). "hinge": (Lim and Ye, 2017; Miyato et
            al., ICLR 2018, Eqs. 16, 17). "relativistic": the relativistic average GAN
            (Jolicoeur-Martineau, ICLR 2019; ESRGAN, Eqs. 1, 2). "linear": 1 - D(G(x)), the widely
            used leftthomas/SRGAN's.
        label_smoothing: taken off the label 1 of photographs in the discriminator's loss
            (Salimans et al., NIPS 2016, Sec. 3.4); for kinds with labels.

    Raises:
        ValueError: unknown kind; smoothing outside [0, 1), or for a kind without labels.
    """

    def __init__(self, kind: Kind = "vanilla", label_smoothing: float = 0.0) -> None:
        super().__init__()
        if kind not in get_args(Kind):
            raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}, got {kind!r}")
        if not 0 <= label_smoothing < 1:
            raise ValueError(f"label_smoothing must be in [0, 1), got {label_smoothing}")
        if label_smoothing and kind in ("hinge", "linear"):
            raise ValueError(f"label_smoothing must be 0 for kind {kind}, which has no labels")
        self.kind = kind
        self.label = 1 - label_smoothing

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the discriminator minimises, from logits [B, 1] of photographs and of results."""
        real, fake = self._compared(real.float(), fake.float())
        if self.kind == "least_squares":
            return ((real - self.label).square().mean() + fake.square().mean()) / 2
        if self.kind == "hinge":
            return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        if self.kind == "linear":
            return 1 - real.sigmoid().mean() + fake.sigmoid().mean()
        total = _cross_entropy(real, self.label) + _cross_entropy(fake, 0.0)
        return total / 2 if self.kind == "relativistic" else total

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the generator minimises, from logits [B, ...]; gradients flow to ``fake``."""
        real, fake = self._compared(real.float(), fake.float())
        if self.kind == "least_squares":
            return (fake - 1).square().mean() / 2
        if self.kind == "hinge":
            return -fake.mean()
        if self.kind == "linear":
            return 1 - fake.sigmoid().mean()
        if self.kind == "relativistic":
            return (_cross_entropy(real, 0.0) + _cross_entropy(fake, 1.0)) / 2
        return _cross_entropy(fake, 1.0)

    def probabilities(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """D(photographs) and D(results), means in [0, 1]; 1 says photograph with certainty.

        Logits of "least_squares" are labels, those of "hinge" run from -1 to 1 up to its margin.
        """
        real, fake = self._compared(real.detach().float(), fake.detach().float())
        if self.kind == "least_squares":
            return real.clamp(0, 1).mean(), fake.clamp(0, 1).mean()
        if self.kind == "hinge":
            real, fake = ((x + 1) / 2 for x in (real, fake))
            return real.clamp(0, 1).mean(), fake.clamp(0, 1).mean()
        return real.sigmoid().mean(), fake.sigmoid().mean()

    def _compared(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        if self.kind != "relativistic":
            return real, fake
        return real - fake.mean(), fake - real.mean()


def _cross_entropy(logits: Tensor, label: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))

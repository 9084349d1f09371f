"""Weighted sums of losses, with and without an adversary."""

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from sr_experiments.losses.adversarial import AdversarialLoss


class CompositeLoss(nn.Module):
    """A weighted sum of named losses.

    Args:
        weights: a weight for each of them.
        terms: the losses, each from prediction and target to a scalar.

    Shapes:
        two [B, C, H, W] in [0, 1] -> the weighted terms by name; their sum is the loss.

    Raises:
        ValueError: the weights name other terms.
    """

    def __init__(self, weights: Mapping[str, float], **terms: nn.Module | None) -> None:
        super().__init__()
        used = {name: term for name, term in terms.items() if term is not None}
        if set(weights) != set(used):
            raise ValueError(
                f"weights must name the loss's terms, which are {', '.join(used) or 'none'}; got "
                f"{', '.join(weights) or 'none'}"
            )
        self.weights = dict(weights)
        self.terms = nn.ModuleDict(used)

    def forward(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        """The weighted terms; one of weight 0 is left out."""
        return {
            name: weight * self.terms[name](prediction, target)
            for name, weight in self.weights.items()
            if weight
        }


class GANLoss(nn.Module):
    """A composite loss with an adversary: SRGAN's l_X + 1e-3 l_Gen (Ledig et al., Eq. 3).

    A run with this loss trains a discriminator beside the network.

    Args:
        adversarial: what the two play for.
        discriminator: makes the discriminator, given ``in_channels``.
        weights: a weight for each term and for "adversarial".
        terms: the other losses, as content and pixel.

    Raises:
        ValueError: the weights name other terms.
    """

    def __init__(
        self,
        adversarial: AdversarialLoss,
        discriminator: Callable[..., nn.Module],
        weights: Mapping[str, float],
        **terms: nn.Module | None,
    ) -> None:
        super().__init__()
        if "adversarial" not in weights:
            raise ValueError("weights must name adversarial too")
        self.adversarial = adversarial
        self.discriminator = discriminator
        self.weight = weights["adversarial"]
        rest = {name: weight for name, weight in weights.items() if name != "adversarial"}
        self.restoration = CompositeLoss(rest, **terms)


class TotalVariationLoss(nn.Module):
    """Mean squared difference of neighbours, down plus across (Aly and Dubois, 2005).

    SRGAN adds 2e-8 of it to the loss on VGG22. The target plays no part.
    """

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """[B, C, H, W] -> scalar."""
        down = (prediction[..., 1:, :] - prediction[..., :-1, :]).square().mean()
        across = (prediction[..., 1:] - prediction[..., :-1]).square().mean()
        return down + across

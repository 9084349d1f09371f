"""A moving average of the weights."""

from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor


class MovingAverage(WeightAveraging):
    """Exponential moving average of weights and buffers, which is scored and saved.

    Unlike with Lightning's ``EMAWeightAveraging``, what does not change stays the same to the last
    bit, as a network's constants that no checkpoint holds: a run that was continued would score
    differently from one that was not.

    Args:
        decay: the share, 0..1, of the average that a step keeps.

    Raises:
        ValueError: the share is none.
    """

    def __init__(self, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay must be at least 0 and below 1, got {decay}")

        def update(average: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
            if not average.is_floating_point():
                return current  # a counter
            return average.lerp(current, 1 - decay)

        super().__init__(avg_fn=update)

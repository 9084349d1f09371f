"""The two records that data hands to training and evaluation."""

from typing import NotRequired, TypedDict

from torch import Tensor


class TrainingBatch(TypedDict):
    """Patches for one step.

    input: [B, C, h, w] float32 in [0, 1], what the network sees.
    target: [B, C, H, W] float32 in [0, 1].
    scale: [B] scale of each patch.
    index: [B] number of the source image.
    """

    input: Tensor
    target: Tensor
    scale: Tensor
    index: Tensor


class EvaluationItem(TypedDict):
    """One whole image of a benchmark set at one scale.

    image: [1 or 3, H, W] uint8, the original.
    low_resolution: [1 or 3, h, w] uint8, if there is a file of it.
    """

    image: Tensor
    path: str
    benchmark: str
    scale: float
    low_resolution: NotRequired[Tensor]

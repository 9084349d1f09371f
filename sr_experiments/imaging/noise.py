"""Gaussian noise that depends on keys alone: not on batches, workers, processes or devices.

A counter-based generator (splitmix64, Steele et al., OOPSLA 2014) written as tensor operations, so
that a patch gets the same noise wherever it is made.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

# The multipliers of splitmix64 as signed 64-bit numbers; products wrap around.
_GOLDEN = 0x9E3779B97F4A7C15 - 2**64
_FIRST = 0xBF58476D1CE4E5B9 - 2**64
_SECOND = 0x94D049BB133111EB - 2**64
_WORD = 2**32


def _shift(x: Tensor, bits: int) -> Tensor:
    """Logical right shift of int64."""
    return (x >> bits) & ((1 << (64 - bits)) - 1)


def mix(x: Tensor) -> Tensor:
    """Hashes int64 numbers [...] to int64 numbers [...], one to one."""
    x = (x ^ _shift(x, 30)) * _FIRST
    x = (x ^ _shift(x, 27)) * _SECOND
    return x ^ _shift(x, 31)


def uniform(keys: Tensor) -> Tensor:
    """Int64 [B] -> float64 [B] in [0, 1), independent of :func:`gaussian` for the same keys."""
    return _shift(mix(~keys), 11).double() / 2**53


def gaussian(keys: Tensor, shape: Sequence[int]) -> Tensor:
    """Standard normal numbers (Box and Muller, 1958), one field per key.

    Args:
        keys: int64 [B].
        shape: shape of a field.

    Returns:
        float32 [B, *shape]; computed in float64 where the device has it.
    """
    count = math.prod(shape)
    half = (count + 1) // 2
    counter = torch.arange(1, half + 1, device=keys.device) * _GOLDEN
    bits = mix(mix(keys)[:, None] + counter)
    dtype = torch.float32 if keys.device.type == "mps" else torch.float64
    radius = (((bits & (_WORD - 1)).to(dtype) + 1) / _WORD).log_().mul_(-2).sqrt_()
    angle = _shift(bits, 32).to(dtype) * (2 * math.pi / _WORD)
    both = torch.cat([radius * angle.cos(), radius * angle.sin()], dim=1)
    return both[:, :count].float().view(len(keys), *shape)

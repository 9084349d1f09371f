"""The eight symmetries of the square."""

from torch import Tensor


def dihedral(image: Tensor, k: int) -> Tensor:
    """Turns [..., H, W] by k % 4 quarters, mirrored first if k is 4 to 7; 0 is the identity."""
    if k >= 4:
        image = image.flip(-1)
    return image.rot90(k % 4, (-2, -1))


def apply_symmetries(images: Tensor, symmetries: Tensor) -> Tensor:
    """Applies to each of [B, C, n, n] its own symmetry 0..7, int64 [B]."""
    result = images
    for k in symmetries.unique().tolist():
        if k:
            if result is images:
                result = images.clone()
            chosen = symmetries == k
            result[chosen] = dihedral(images[chosen], k)
    return result

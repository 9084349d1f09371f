import pytest
import torch

from sr_experiments.imaging import modcrop, quantise, round_half_up, shave
from sr_experiments.imaging.augment import dihedral


def test_modcrop_cuts_bottom_and_right():
    image = torch.arange(7 * 8).view(1, 7, 8)
    assert torch.equal(modcrop(image, 3), image[:, :6, :6])
    assert torch.equal(modcrop(image, 1), image)


def test_shave():
    image = torch.arange(7 * 8).view(1, 7, 8)
    assert torch.equal(shave(image, 2), image[:, 2:5, 2:6])
    assert torch.equal(shave(image, 0), image)
    with pytest.raises(ValueError, match="none left"):
        shave(image, 4)


def test_rounding_is_matlabs():
    halves = torch.tensor([0.5, 1.5, 2.5, 2.4999])
    assert round_half_up(halves).tolist() == [1, 2, 3, 2]
    assert quantise(torch.tensor([-3.0, 254.6, 300.0])).tolist() == [0, 255, 255]


def test_the_eight_symmetries_are_distinct_and_undoable():
    image = torch.arange(9).view(1, 3, 3)
    seen = {tuple(dihedral(image, k).flatten().tolist()) for k in range(8)}
    assert len(seen) == 8
    assert torch.equal(dihedral(image, 0), image)
    for k in range(8):
        assert any(torch.equal(dihedral(dihedral(image, k), j), image) for j in range(8))

"""The table of all networks, against counts made by hand."""

import pytest

from benchmarks.models import (
    VARIANTS,
    multiply_adds,
    parameters,
    receptive_field,
    row,
)
from sr_experiments.models import EDSR, SRCNN, VDSR

PIXELS = 720 * 1280


def test_multiply_adds_of_vdsr_are_its_weights_times_the_pixels():
    weights = 9 * (64 + 18 * 64 * 64 + 64)
    assert multiply_adds(VDSR()) == weights * PIXELS  # 612.6 G in the literature
    assert weights * PIXELS == pytest.approx(612.6e9, rel=1e-3)


def test_multiply_adds_of_srcnn():
    assert multiply_adds(SRCNN()) == (81 * 64 + 64 * 32 + 25 * 32) * PIXELS


def test_multiply_adds_count_low_resolution_layers_at_low_resolution():
    small = PIXELS // 4
    body = 9 * (3 * 64 + 33 * 64 * 64 + 64 * 256)
    assert multiply_adds(EDSR()) == body * small + 9 * 64 * 3 * PIXELS


def test_multiply_adds_of_deconvolution_are_those_of_the_folded_network():
    assert multiply_adds(EDSR(conv="deconv")) == multiply_adds(EDSR())


@pytest.mark.parametrize(("make", "side"), [(VDSR, 41), (SRCNN, 13)])
def test_receptive_fields_of_the_papers(make, side: int):
    assert receptive_field(make) == side


def test_a_row_has_a_figure_for_each_column():
    cells = row("SRCNN 9-1-5")
    assert cells[0] in VARIANTS
    assert cells[1] == f"{parameters(SRCNN()) / 1e3:,.1f} k"
    assert all(any(c.isdigit() for c in cell) for cell in cells)
    assert len(cells) == 7

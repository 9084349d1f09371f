"""Tiles give what the whole image gives, for every network of the package."""

import random

import pytest
import torch

from sr_experiments.errors import ConfigError
from sr_experiments.inference import Upscaler
from sr_experiments.inference.receptive_field import receptive_field
from sr_experiments.inference.tiled import Plan, TiledUpscaler
from sr_experiments.inference.tiles import plan_tiles
from sr_experiments.models import RCAN, SRCNN, VDSR, Network, REDNet
from tests.models.test_networks import build, every_network

CPU = torch.device("cpu")


def tiled(network: Network, scale: float, ensemble: bool = False) -> TiledUpscaler:
    return TiledUpscaler(Upscaler(network.eval(), ensemble), scale, None, CPU)


def deep_noise(channels: int, height: int, width: int) -> torch.Tensor:
    """Of 16 bits, so that a difference of 1/257 gray level shows."""
    return torch.randint(65536, (channels, height, width), dtype=torch.int32).to(torch.uint16)


def whole(restore: TiledUpscaler, image: torch.Tensor) -> torch.Tensor:
    return torch.cat(list(restore(image, None, restore.plan(image), lambda _: None)), dim=-2)


def in_tiles(restore: TiledUpscaler, image: torch.Tensor, pixels: int) -> tuple[torch.Tensor, int]:
    assert restore.overlap is not None
    cut = plan_tiles(tuple(image.shape[-2:]), pixels, restore.overlap, restore.align)
    if cut is None:
        return whole(restore, image), 1
    rows = list(restore(image, None, Plan(cut), lambda _: None))
    return torch.cat(rows, dim=-2), Plan(cut).tiles


@every_network
def test_tiles_equal_the_whole_at_20_random_sizes_and_budgets(name: str):
    network, rng = build(name), random.Random(name)
    tiles = 0
    for case in range(20):
        scale = network.scales[0] if network.upsamples or case % 2 else rng.choice([1, 1.5, 7 / 3])
        size = (rng.randint(1, 60), rng.randint(1, 60))
        image = deep_noise(rng.choice([1, 3]), *size)
        restore = tiled(network, scale, ensemble=case in (3, 8))
        expected = whole(restore, image)
        result, count = in_tiles(restore, image, rng.randint(900, 2000))
        assert result.shape == expected.shape == (len(image), *restore.result_size(image))
        difference = (result.int() - expected.int()).abs().max()
        assert difference <= 3, (case, size, scale, count)
        tiles += count
    assert tiles > 20


def test_an_overlap_that_is_too_small_shows():
    """Or the test above could not fail."""
    restore = tiled(VDSR(depth=8, channels=8), 2)
    image = deep_noise(1, 60, 60)
    cut = plan_tiles((60, 60), 1000, 2)
    assert cut
    result = torch.cat(list(restore(image, None, Plan(cut), lambda _: None)), dim=-2)
    assert (result.int() - whole(restore, image).int()).abs().max() > 50


@pytest.mark.parametrize(
    ("network", "radius", "period"),
    [
        (VDSR(depth=20, channels=4), 20, 1),
        (REDNet(depth=30, channels=4), 30, 1),
        (SRCNN((3,), channels=(4, 4), kernels=(9, 5, 5), padding=False), 8, 1),
        (REDNet(depth=4, channels=4, skip_interval=0, stride=2), 6, 2),
    ],
)
def test_receptive_fields_are_those_of_the_papers(network: Network, radius: int, period: int):
    found = receptive_field(network.eval())
    assert (found.radius, found.period, found.averages) == (radius, period, 0)


def test_averages_over_the_image_are_left_out_of_the_receptive_field():
    network = RCAN((2,), groups=1, blocks=1, channels=8, reduction=1).eval()
    # head, two of the block, those of the group and of the body, and two of the enlargement
    assert receptive_field(network)[:] == (7, 1, 1)


def test_the_cut_takes_the_fewest_pixels():
    (row,) = plan_tiles((10, 1000), 10 * 520, 8)  # type: ignore[misc]
    assert [tile.columns for tile in row] == [(0, 500), (500, 1000)]
    assert [tile.seen_columns for tile in row] == [(0, 508), (492, 1000)]
    assert plan_tiles((100, 100), 300, 8) is None


def test_a_budget_that_holds_no_tile_is_refused():
    restore = TiledUpscaler(Upscaler(VDSR(depth=4, channels=8).eval()), 2, 1000, CPU)
    with pytest.raises(ConfigError, match="memory: too little for a part of this image of 90 x 80"):
        restore.plan(deep_noise(3, 80, 90))

"""Patch tables and their distribution over steps, processes and epochs."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor

from sr_experiments.data import GridPatches, RandomPatches
from sr_experiments.data.sampler import PatchSampler
from sr_experiments.errors import ConfigError

SIZES = st.lists(st.tuples(st.integers(8, 40), st.integers(8, 40)), min_size=1, max_size=5)


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


@given(SIZES, st.integers(1, 8), st.integers(1, 9))
def test_a_grid_covers_all_images_once(
    sizes: list[tuple[int, int]], size: int, stride: int
) -> None:
    rows = GridPatches(size, stride, 1).rows(sizes, seeded())
    places = {tuple(place) for place in rows[:, :3].tolist()}
    expected = {
        (item, top, left)
        for item, (height, width) in enumerate(sizes)
        for top in range(0, height - size + 1, stride)
        for left in range(0, width - size + 1, stride)
    }
    assert places == expected
    assert len(rows) == len(expected)


def test_vdsrs_grid_has_the_papers_number_of_patches() -> None:
    # 41 x 41 patches without overlap of a 321 x 481 image: 7 x 11
    assert len(GridPatches(41, 41, 1).rows([(321, 481)], seeded())) == 77


@given(SIZES, st.integers(1, 8), st.integers(0, 99))
def test_random_patches_lie_inside(sizes: list[tuple[int, int]], size: int, seed: int) -> None:
    rows = RandomPatches(size, 3, 1).rows(sizes, seeded(seed))
    item, top, left, symmetry, key = rows.T
    heights, widths = torch.tensor(sizes)[item].T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + size <= heights).all()
    assert (left + size <= widths).all()
    assert ((symmetry >= 0) & (symmetry < 8)).all()
    assert item.bincount(minlength=len(sizes)).tolist() == [3] * len(sizes)
    assert len(key.unique()) == len(key)


def test_random_patches_reach_every_place() -> None:
    rows = RandomPatches(6, 400, 1).rows([(8, 8)], seeded())
    assert {tuple(p) for p in rows[:, 1:3].tolist()} == {(t, w) for t in range(3) for w in range(3)}


@pytest.mark.parametrize(
    ("augment", "expected"), [(True, set(range(8))), (False, {0}), ([0, 2, 4], {0, 2, 4})]
)
def test_symmetries_are_a_choice(augment: bool | list[int], expected: set[int]) -> None:
    for rule in (GridPatches(4, 2, 1, augment), RandomPatches(4, 200, 1, augment)):
        assert set(rule.rows([(30, 30)], seeded())[:, 3].tolist()) == expected


@pytest.mark.parametrize(
    ("name", "value"), [("size", 0), ("stride", 0), ("batch_size", 0), ("min_std", -1.0)]
)
def test_grid_ranges(name: str, value: float) -> None:
    arguments = {"size": 4, "stride": 4, "batch_size": 1, name: value}
    with pytest.raises(ValueError, match=f"^{name} must be at least"):
        GridPatches(**arguments)  # type: ignore[arg-type]


def test_augment_range() -> None:
    with pytest.raises(ValueError, match="augment must be"):
        RandomPatches(4, 1, 1, [8])


def table(count: int):
    def rows(generator: Generator) -> Tensor:
        return torch.randperm(count, generator=generator)[:, None].expand(-1, 5)

    return rows


def drawn(sampler: PatchSampler, epoch: int = 0) -> list[list[int]]:
    sampler.set_epoch(epoch)
    return [batch[:, 0].tolist() for batch in sampler]


@settings(max_examples=50)
@given(st.integers(1, 60), st.integers(1, 7), st.integers(1, 4), st.integers(0, 5))
def test_processes_share_a_pass_without_overlap(
    count: int, batch_size: int, processes: int, seed: int
) -> None:
    if count < batch_size * processes:
        return
    shares = [
        drawn(PatchSampler(table(count), batch_size, None, seed, rank, processes))
        for rank in range(processes)
    ]
    assert len({len(share) for share in shares}) == 1
    seen = [row for share in shares for batch in share for row in batch]
    assert len(seen) == len(set(seen))
    assert len(seen) == count // (batch_size * processes) * batch_size * processes


def test_epochs_and_seeds_differ_and_repeat() -> None:
    one = PatchSampler(table(64), 4, None, seed=3)
    assert drawn(one, 0) != drawn(one, 1)
    assert drawn(one, 0) == drawn(PatchSampler(table(64), 4, None, seed=3), 0)
    assert drawn(one, 0) != drawn(PatchSampler(table(64), 4, None, seed=4), 0)


@given(st.integers(1, 20), st.integers(1, 7), st.integers(1, 30))
def test_steps_take_as_many_passes_as_they_need(count: int, batch_size: int, steps: int) -> None:
    batches = drawn(PatchSampler(table(count), batch_size, steps, 0))
    assert [len(batch) for batch in batches] == [batch_size] * steps
    rows = [row for batch in batches for row in batch]
    # No row comes a second time more often than others come at all.
    counts = torch.tensor(rows).bincount(minlength=count)
    assert counts.max() - counts.min() <= 1


def test_groups_are_not_mixed() -> None:
    groups = torch.arange(60) % 3
    shares = [drawn(PatchSampler(table(60), 4, 6, 0, rank, 2, groups)) for rank in range(2)]
    chosen = [[{row % 3 for row in batch} for batch in share] for share in shares]
    assert chosen[0] == chosen[1]  # all processes train on one scale in a step
    assert all(len(group) == 1 for group in chosen[0])
    assert len({next(iter(group)) for group in chosen[0]}) > 1


def test_too_few_patches_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"batch_size: the images give 3 patches .* batch of 8"):
        PatchSampler(table(3), 4, None, 0, 0, 2)

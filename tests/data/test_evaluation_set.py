"""Whole images, shared out to processes."""

from hypothesis import given
from hypothesis import strategies as st

from sr_experiments.data.evaluation_set import EvaluationSet, Share
from sr_experiments.data.image_set import ImageSet


class Named(EvaluationSet):
    """Items without their images."""

    def __getitem__(self, index: int):
        return self.items[index]


@given(images=st.integers(1, 9), scales=st.integers(1, 3), processes=st.integers(1, 12))
def test_shares_are_equally_long_and_hold_each_image_once(
    images: int, scales: int, processes: int
) -> None:
    files = tuple(f"{i}.png" for i in range(images))
    whole = Named([ImageSet("set", files)], range(2, 2 + scales))
    shares = [Share(whole, rank, processes) for rank in range(processes)]
    held = [[share[i] for i in range(len(share))] for share in shares]
    assert len({len(share) for share in held}) == 1, "a process without a step makes others wait"
    assert sorted(item for share in held for item in share if item) == sorted(whole.items)

import pytest
from torch import Tensor
from torch.utils.data import Dataset

from sr_experiments.data.loader import TimedLoader
from sr_experiments.errors import ImageError


class Failing(Dataset[Tensor]):
    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> Tensor:
        raise ImageError("a.png: broken\nsecond line")


@pytest.mark.parametrize("workers", [0, 1])
def test_mistakes_come_without_a_workers_traceback(workers: int) -> None:
    with pytest.raises(ImageError) as caught:
        next(iter(TimedLoader(Failing(), workers, batch_size=None)))
    assert str(caught.value) == "a.png: broken\nsecond line"

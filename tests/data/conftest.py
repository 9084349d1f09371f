"""Small images and the folders around them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from sr_experiments.imaging import save_image
from tests.data.loopback import Loopback, serving

SHARED = Path(__file__).parents[2].parent / "shared" / "data"

MakeImages = Callable[..., Path]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def make_images(tmp_path: Path) -> MakeImages:
    """Writes a folder of noise, each image a little larger than the one before."""

    def make(
        name: str = "images",
        count: int = 4,
        channels: int = 3,
        side: int = 60,
        seed: int = 0,
        step: int = 5,
    ) -> Path:
        folder = tmp_path / name
        generator = torch.Generator().manual_seed(seed)
        for i in range(count):
            shape = (channels, side + step * i, side + 2 * step * i)
            image = torch.randint(256, shape, generator=generator, dtype=torch.uint8)
            save_image(image, folder / f"{i:04d}.png")
        return folder

    return make


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"the research images are not at {SHARED}")
    return SHARED


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Loopback]:
    """Serves the folder ``web``."""
    (tmp_path / "web").mkdir()
    with serving(tmp_path / "web") as loopback:
        yield loopback

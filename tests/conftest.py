"""Fixtures for all tests."""

import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A shell without job control starts background commands deaf to Ctrl-C, and their children inherit
# that; tests that interrupt a sweep need the usual behaviour.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(__file__).parents[2] / "shared"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each worker begins with its share of the slow tests, so that none ends with them alone."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    slow = [item for item in items if item.get_closest_marker("slow")]
    quick = [item for item in items if not item.get_closest_marker("slow")]
    items[:] = [item for i in range(workers) for part in (slow, quick) for item in part[i::workers]]


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A real browser."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real images with MATLAB's results; they are not part of the project."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data (test sets and MATLAB's results)")
    return folder


@pytest.fixture(scope="session")
def shared_checkpoints() -> Path:
    """Public weights; they are not part of the project."""
    folder = SHARED / "checkpoints"
    if not folder.is_dir():
        pytest.skip("needs ../shared/checkpoints (public weights)")
    return folder


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def smooth_image(height: int, width: int, seed: int = 0) -> np.ndarray:
    """An RGB picture [H, W, 3] with edges and slopes, uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    channels = []
    for _ in range(3):
        fx, fy, phase = rng.uniform(0.05, 0.5, 3)
        wave = 110 + 60 * np.sin(fx * x + fy * y + 6 * phase)
        channels.append(wave + 60 * ((x // 9 + y // 7) % 2))
    return np.clip(np.stack(channels, axis=-1), 0, 255).astype(np.uint8)


@pytest.fixture
def make_images(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of pictures: make_images("train", 3, 64, 48) -> its path."""

    def make(name: str, count: int, height: int = 64, width: int = 72) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for i in range(count):
            Image.fromarray(smooth_image(height, width, i)).save(folder / f"{i}.png")
        return folder

    return make


@pytest.fixture
def unused_tcp_port() -> int:
    """A port on this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keeps the image stores of tests out of the user's cache."""
    os.environ["SR_CACHE"] = str(tmp_path_factory.mktemp("cache"))

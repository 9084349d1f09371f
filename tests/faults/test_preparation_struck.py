"""Signals at random moments of a preparation."""

import signal
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.commands import Command
from tests.conftest import smooth_image
from tests.faults.conftest import MOMENTS

pytestmark = pytest.mark.slow


def stores(cache: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (cache / "stores").glob("*.safetensors")}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """91 pictures under the names of T91; their digest is not that of the published ones."""
    folder = tmp_path_factory.mktemp("source")
    (folder / "T91").mkdir()
    for i in range(1, 92):
        Image.fromarray(smooth_image(60, 72, i)).save(folder / "T91" / f"t{i}.png")
    return folder


def typed(source: Path, folder: Path) -> list[str]:
    return [
        *("dataset=t91", "dataset.folders.T91.digest=null", f"source={source}", "workers=2"),
        *(f"root={folder}", f"cache={folder}/cache"),
    ]


@pytest.fixture(scope="module")
def undisturbed_stores(
    source: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, bytes], float]:
    """What an undisturbed preparation makes, and the seconds it takes."""
    folder = tmp_path_factory.mktemp("undisturbed")
    environment = {"OMP_NUM_THREADS": "1"}
    Command("prepare", ["--help"], folder, environment).wait()  # or its start would count
    begin = time.monotonic()
    command = Command("prepare", typed(source, folder), folder, environment)
    assert command.wait() == 0, command.printed
    whole = stores(folder / "cache")
    assert len(whole) == 4  # the originals and three scales
    return whole, time.monotonic() - begin


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (signal.SIGKILL, "kill -9 of a preparation"),
        (signal.SIGTERM, "SIGTERM to a preparation"),
        (signal.SIGINT, "Ctrl-C in a preparation"),
    ],
)
def test_a_preparation_struck_at_any_moment_gives_the_same_files(
    number: int, fault: str, start, record, moments, source, undisturbed_stores, tmp_path: Path
) -> None:
    line, (whole, duration) = record(fault), undisturbed_stores
    for i in range(MOMENTS):
        folder = tmp_path / str(i)
        command = start("prepare", *typed(source, folder))
        time.sleep(moments.uniform(0, duration))
        command.strike(number)
        status = command.wait()
        detected = status in (0, -number, 130, 143)
        before = stores(folder / "cache")
        again = start("prepare", *typed(source, folder))
        survived = again.wait() == 0 and stores(folder / "cache") == whole
        left = [
            p
            for p in folder.rglob("*")
            if p.name.startswith(".") or p.suffix in (".partial", ".journal")
        ]
        line.add(detected, survived and not left, lost=len(before.items() - whole.items()))

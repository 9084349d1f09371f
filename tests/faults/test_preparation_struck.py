"""Signals at random moments of a preparation."""

import signal
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import smooth_image
from tests.faults.conftest import MOMENTS

pytestmark = pytest.mark.slow


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """91 pictures under the names of T91; their digest is not that of the published ones."""
    folder = tmp_path / "source" / "T91"
    folder.mkdir(parents=True)
    for i in range(1, 92):
        Image.fromarray(smooth_image(120, 150, i)).save(folder / f"t{i}.png")
    return tmp_path / "source"


def stores(cache: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (cache / "stores").glob("*.safetensors")}


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (signal.SIGKILL, "kill -9 of a preparation"),
        (signal.SIGTERM, "SIGTERM to a preparation"),
        (signal.SIGINT, "Ctrl-C in a preparation"),
    ],
)
def test_a_preparation_struck_at_any_moment_gives_the_same_files(
    number: int, fault: str, start, record, moments, source: Path, tmp_path: Path
) -> None:
    line = record(fault)
    overrides = ["set=t91", "set.folders.T91.digest=null", f"source={source}", "workers=2"]

    def prepare(name: str):
        return start(
            "prepare", *overrides, f"root={tmp_path / name}", f"cache={tmp_path / name}/cache"
        )

    command = prepare("through")
    assert command.wait() == 0, command.printed
    begin = time.monotonic()
    assert prepare("timed").wait() == 0
    duration = time.monotonic() - begin
    whole = stores(tmp_path / "through" / "cache")
    assert len(whole) == 4  # the originals and three scales
    for i in range(MOMENTS):
        command = prepare(str(i))
        time.sleep(moments.uniform(0, duration))
        command.strike(number)
        status = command.wait()
        detected = status in (0, -number, 130, 143)
        before = stores(tmp_path / str(i) / "cache")
        again = prepare(str(i))
        survived = again.wait() == 0 and stores(tmp_path / str(i) / "cache") == whole
        left = [
            p
            for p in (tmp_path / str(i)).rglob("*")
            if p.name.startswith(".") or p.suffix in (".partial", ".journal")
        ]
        line.add(detected, survived and not left, lost=len(before.items() - whole.items()))

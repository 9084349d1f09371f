"""Files whose bytes were changed, cut off or cannot be read."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.commands import Command
from tests.faults.conftest import TINY, TRIES
from tests.faults.runs import checkpoint_of, rows, same_end, state_of

pytestmark = pytest.mark.slow

Damage = Callable[[Path, Random], None]


def flip(path: Path, rng: Random) -> None:
    """Changes one bit somewhere."""
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def cut(path: Path, rng: Random) -> None:
    """Leaves only a part of the beginning."""
    with path.open("r+b") as file:
        file.truncate(rng.randrange(path.stat().st_size))


def scramble(path: Path, rng: Random) -> None:
    """Replaces the content by noise of the same length."""
    path.write_bytes(rng.randbytes(path.stat().st_size))


def unreadable(path: Path, rng: Random) -> None:
    """Makes every read fail with EIO, as that of a broken sector does (Linux)."""
    path.unlink()
    path.symlink_to("/proc/self/mem")


DAMAGES = [flip, cut, scramble, unreadable]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda d: d.__name__)
def test_a_damaged_checkpoint_is_skipped_for_the_one_before(
    damage: Damage, start, record, moments, undisturbed, tmp_path: Path
) -> None:
    line = record(f"last.ckpt damaged ({damage.__name__})")
    often, through = "callbacks.last.every_minutes=0.002", undisturbed()
    half = tmp_path / "half"
    shutil.copytree(undisturbed("trainer.max_epochs=4", often), half)
    whole = checkpoint_of(half).read_bytes()
    for i in range(TRIES):
        damage(checkpoint_of(half), moments)
        folder = tmp_path / str(i)
        command = start("train", *TINY, often, f"ckpt_path={half}", f"hydra.run.dir={folder}")
        status = command.wait()
        said = "last.ckpt" in command.printed
        # A flipped bit may lie where nothing is read, between the members of the archive.
        detected = said or same_end(folder, through)
        line.add(detected, status == 0 and same_end(folder, through))
        checkpoint_of(half).unlink()  # it may be a link
        checkpoint_of(half).write_bytes(whole)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda d: d.__name__)
@pytest.mark.parametrize("name", ["metrics.csv", "status.json"])
def test_damaged_records_do_not_keep_a_run_from_going_on(
    damage: Damage, name: str, start, record, moments, undisturbed, tmp_path: Path
) -> None:
    line = record(f"{name} damaged ({damage.__name__})")
    for i in range(TRIES):
        folder = tmp_path / str(i)
        shutil.copytree(undisturbed("trainer.max_epochs=4"), folder)
        damage(folder / name, moments)
        new = tmp_path / f"{i}-continued"
        command = start("train", *TINY, f"ckpt_path={folder}", f"hydra.run.dir={new}")
        status = command.wait()
        report = start("report", f"runs=[{folder},{new}]", f"out={tmp_path}/report{i}")
        line.add(report.wait() in (0, 2), status == 0 and state_of(new) == "finished")
        assert "Traceback" not in command.printed + report.printed
        assert rows(new)[-1] == rows(undisturbed())[-1]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that a run has filled."""
    folder = tmp_path_factory.mktemp("filled")
    command = Command(
        "train",
        [*TINY, f"hydra.run.dir={folder}/run"],
        folder,
        {"SR_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"},
    )
    assert command.wait() == 0, command.printed
    return folder / "cache"


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda d: d.__name__)
@pytest.mark.parametrize("kind", ["index", "stores"])
def test_a_damaged_cache_is_noticed_and_made_anew(
    damage: Damage, kind: str, start, record, moments, undisturbed, filled: Path, tmp_path: Path
) -> None:
    line = record(f"{kind} of the cache damaged ({damage.__name__})")
    cache = tmp_path / "cache"
    shutil.copytree(filled, cache)
    files = sorted(p for p in (cache / kind).iterdir() if p.suffix != ".lock")
    for i in range(TRIES):
        damage(moments.choice(files), moments)
        for attempt in range(3):
            folder = tmp_path / f"{i}-{attempt}"
            command = start("train", *TINY, f"hydra.run.dir={folder}", SR_CACHE=str(cache))
            status = command.wait()
            assert "Traceback" not in command.printed, command.printed[-1500:]
            if status == 0:
                break
            # What the message asks for.
            for path in files:
                if f"{path}: " in command.printed and "delete" in command.printed:
                    path.unlink()
        line.add(status == 0, status == 0 and same_end(folder, undisturbed()))
        files = sorted(p for p in (cache / kind).iterdir() if p.suffix != ".lock")

import multiprocessing
import os
import random
import shutil
import signal
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from sr_experiments.data.index import index_images
from sr_experiments.data.prepare.catalogue import Folder, Published, Recipe
from sr_experiments.data.prepare.download import RemoteFile
from sr_experiments.data.prepare.install import folder_digest, prepare
from sr_experiments.errors import ImageError
from sr_experiments.imaging import list_images
from tests.data.loopback import Loopback

MakeImages = Callable[..., Path]
# More moments for an acceptance run: KILLS=20.
KILLS = int(os.environ.get("KILLS", "4"))


@pytest.fixture
def published(server: Loopback, make_images: MakeImages) -> Published:
    """A set of two folders in one archive on the loopback server."""
    with zipfile.ZipFile(server.folder / "set.zip", "w") as archive:
        for name, count in (("one", 10), ("two", 4)):
            for path in make_images(f"made/{name}", count=count, side=100).iterdir():
                archive.write(path, f"top/{name}/{path.name}")
    return Published(
        "test",
        {"one": Folder(10, "*/one/*.png"), "two": Folder(4, "*/two/*.png")},
        [RemoteFile(f"{server.url}/set.zip")],
        [Recipe(1, [2, 3], True)],
    )


def snapshot(*folders: Path) -> dict[str, bytes]:
    """All files but locks and the index, which holds times."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".lock", ".json")
    }


def test_fetched_checked_and_stored(published: Published, tmp_path: Path, cache: Path) -> None:
    states = prepare(published, tmp_path / "data", cache)
    assert [(s.folder, s.images) for s in states] == [("one", 10), ("two", 4)]
    assert states[0].width == (100, 190)
    assert states[0].height == (100, 145)
    assert len(list((cache / "stores").glob("*.safetensors"))) == 3  # originals, x2, x3
    assert sorted(p.name for p in (tmp_path / "data").iterdir()) == ["one", "two"]


def test_what_a_killed_copy_has_left_does_not_come_along(
    published: Published, tmp_path: Path, cache: Path
) -> None:
    root = tmp_path / "data"
    left = root / ".prepare" / "test" / "staging" / "one" / ".0.png.123"
    left.parent.mkdir(parents=True)
    left.touch()
    prepare(published, root, cache)
    assert not list((root / "one").glob(".*"))


def test_repeating_does_nothing(
    published: Published, server: Loopback, tmp_path: Path, cache: Path
) -> None:
    prepare(published, tmp_path / "data", cache)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.png")}
    stores = {p: p.stat().st_mtime_ns for p in cache.rglob("*.safetensors")}
    prepare(published, tmp_path / "data", cache)
    assert len(server.requests) == 1
    assert before == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.png")}
    assert stores == {p: p.stat().st_mtime_ns for p in cache.rglob("*.safetensors")}


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_own_copies_are_imported(
    published: Published, server: Loopback, tmp_path: Path, cache: Path, kind: str
) -> None:
    source = tmp_path / "made" if kind == "folder" else server.folder / "set.zip"
    prepare(published, tmp_path / "data", cache, source)
    assert server.requests == []
    assert snapshot(tmp_path / "data") == snapshot(tmp_path / "made")


def test_a_missing_source_is_named(published: Published, tmp_path: Path, cache: Path) -> None:
    with pytest.raises(ImageError, match=r"source: there is no .*nowhere"):
        prepare(published, tmp_path / "data", cache, tmp_path / "nowhere")


def test_a_wrong_number_of_images_is_named(
    published: Published, tmp_path: Path, cache: Path
) -> None:
    (tmp_path / "made" / "one" / "0003.png").unlink()
    with pytest.raises(ImageError, match=r"one: 9 images in .*made, expected 10 named like"):
        prepare(published, tmp_path / "data", cache, tmp_path / "made")
    assert not (tmp_path / "data" / "one").exists()


def test_images_that_vanish_later_are_noticed(
    published: Published, tmp_path: Path, cache: Path
) -> None:
    prepare(published, tmp_path / "data", cache)
    (tmp_path / "data" / "one" / "0003.png").unlink()
    with pytest.raises(ImageError, match="9 images, expected 10; move the folder away"):
        prepare(published, tmp_path / "data", cache)


def test_broken_images_are_named(published: Published, tmp_path: Path, cache: Path) -> None:
    (tmp_path / "made" / "one" / "0003.png").write_bytes(b"broken")
    with pytest.raises(ImageError, match=r"0003\.png: broken"):
        prepare(published, tmp_path / "data", cache, tmp_path / "made")


def test_an_unreachable_set_can_be_put_there_by_hand(
    published: Published, server: Loopback, tmp_path: Path, cache: Path
) -> None:
    archive = server.folder / "set.zip"
    archive.rename(tmp_path / "elsewhere.zip")
    with pytest.raises(ImageError) as caught:
        prepare(published, tmp_path / "data", cache)
    place = Path(str(caught.value).split("put it at ")[1].split(" and run")[0])
    shutil.copy(tmp_path / "elsewhere.zip", place)
    assert prepare(published, tmp_path / "data", cache)[0].images == 10


def test_pixels_are_compared_with_a_known_copy(
    published: Published, tmp_path: Path, cache: Path
) -> None:
    entries = index_images(list_images(tmp_path / "made" / "one"), cache)
    known = Folder(10, "*/one/*.png", folder_digest(entries), "a note")
    other = Folder(4, "*/two/*.png", "0" * 16)
    marked = Published("test", {"one": known, "two": other}, published.files)
    one, two = prepare(marked, tmp_path / "data", cache)
    assert (one.pixels, one.note, two.pixels) == ("as expected", "a note", "another copy")


def test_repeated_images_are_counted(published: Published, tmp_path: Path, cache: Path) -> None:
    folder = tmp_path / "made" / "two"
    shutil.copy(folder / "0000.png", folder / "0001.png")
    states = prepare(published, tmp_path / "data", cache, tmp_path / "made")
    assert states[1].note == "3 different ones"


def test_killed_at_any_moment_it_completes(
    published: Published, server: Loopback, tmp_path: Path, cache: Path
) -> None:
    """Kills download, extraction and building again and again, then compares with a quiet run."""
    server.pause = 0.0005
    began = time.monotonic()
    prepare(published, tmp_path / "quiet", tmp_path / "quiet_cache")
    duration = time.monotonic() - began
    reached = []
    context = multiprocessing.get_context("fork")
    for _ in range(KILLS):
        workers = random.choice([0, 2])
        arguments = (published, tmp_path / "data", cache, None, False, workers)
        run = context.Process(target=prepare, args=arguments)
        run.start()
        run.join(random.uniform(0, duration))
        if run.pid and run.is_alive():
            os.kill(run.pid, signal.SIGKILL)
        run.join()
        reached.append(stage(tmp_path / "data", cache))
        for path in (tmp_path / "data").glob("[!.]*/*.png"):  # nothing half under a final name
            made = tmp_path / "made" / path.parent.name / path.name
            assert path.read_bytes() == made.read_bytes()
        if random.random() < 0.5:  # start over, so that the early stages are hit often
            shutil.rmtree(tmp_path / "data", ignore_errors=True)
            shutil.rmtree(cache, ignore_errors=True)
    server.pause = 0.0
    prepare(published, tmp_path / "data", cache, workers=0)
    assert snapshot(tmp_path / "data") == snapshot(tmp_path / "quiet") != {}
    assert snapshot(cache / "stores") == snapshot(tmp_path / "quiet_cache" / "stores") != {}
    print(f"{KILLS} kills hit: {dict(Counter(reached))}")


def stage(root: Path, cache: Path) -> str:
    """Where a killed run was."""
    if list(cache.rglob("*.partial")):
        return "building"
    if list(cache.rglob("*.safetensors")):
        return "end"
    if (root / "two").is_dir():
        return "verifying"
    if list(root.rglob("staging")):
        return "extracting"
    return "downloading" if list(root.rglob("*.part")) else "starting"

"""A cache on a full disk, and images that do not fit into memory: one line, nothing lost."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from sr_experiments.data import index
from sr_experiments.data.file_list import list_trees
from sr_experiments.data.index import index_images
from sr_experiments.data.parallel import results
from sr_experiments.data.prepare.catalogue import Folder, Published
from sr_experiments.data.prepare.install import prepare
from sr_experiments.data.store import build as builder
from sr_experiments.data.store.build import build_stores
from sr_experiments.data.store.spec import StoreSpec
from sr_experiments.errors import DiskFullError, ImageError, OutOfMemoryError
from sr_experiments.imaging import Degradation, list_images, load_image

MakeImages = Callable[..., Path]
DOUBLE = StoreSpec(3, Degradation(), Fraction(2), 0, True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if (
        os.name != "posix"
        or os.geteuid()
        or subprocess.run(command, capture_output=True).returncode
    ):
        pytest.skip("needs the right to mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_build_goes_on_after_room_was_made(
    make_images: MakeImages,
    small_disk: Path,
    tmp_path: Path,
    workers: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entries = index_images(list_images(make_images(count=8, side=40, step=1)), tmp_path / "index")
    # Room that others take while the stores are built, which no look beforehand can see.
    monkeypatch.setattr(builder, "_check_space", lambda tasks: None)
    (small_disk / "others").write_bytes(bytes(140_000))
    with pytest.raises(DiskFullError, match=r"disk.* cannot be written \(No space left .*SR_CACHE"):
        build_stores(entries, [StoreSpec(3), DOUBLE], small_disk, workers)
    marks = next((small_disk / "stores").glob("*interpolated*.done")).read_text()
    done = len(entries) - marks.count("-" * 8)  # the others hold their checksums
    assert 0 < done < len(entries)
    (small_disk / "others").unlink()
    read: list[Path] = []
    monkeypatch.setattr(
        builder, "load_image", lambda path: (read.append(path), load_image(path))[1]
    )
    built = build_stores(entries, [StoreSpec(3), DOUBLE], small_disk, 0)
    assert len(read) <= len(entries) - done
    whole = build_stores(entries, [StoreSpec(3), DOUBLE], tmp_path / "alone")
    for one, other in zip(built, whole, strict=True):
        assert one.path.read_bytes() == other.path.read_bytes()


def test_a_disk_that_is_too_small_is_seen_before(
    make_images: MakeImages, small_disk: Path, tmp_path: Path
) -> None:
    entries = index_images(list_images(make_images(count=8, side=40, step=1)), tmp_path / "index")
    (small_disk / "others").write_bytes(bytes(200_000))
    with pytest.raises(DiskFullError, match=r"stores need .* MB are free; make room"):
        build_stores(entries, [DOUBLE], small_disk)
    assert not list((small_disk / "stores").glob("*.partial"))


def test_space_is_counted_for_what_an_interrupted_build_lacks(
    make_images: MakeImages, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = index_images(list_images(make_images()), cache)
    with monkeypatch.context() as context:
        context.setattr(builder, "load_image", lambda path: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build_stores(entries, [StoreSpec(3)], cache)
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr("sr_experiments.data.store.build.shutil.disk_usage", lambda _: usage)
    with pytest.raises(DiskFullError, match="MB are free"):
        build_stores(entries, [StoreSpec(3)], cache)


def test_without_room_for_the_index_the_run_goes_on(
    make_images: MakeImages,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(index, "write_whole", full)
    files = list_images(make_images())
    assert len(index_images(files, cache)) == len(files)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("warning: what was found in 1 folders is not kept")
    assert "No space left on device" in line


def test_a_cache_that_cannot_be_written_is_named(make_images: MakeImages, tmp_path: Path) -> None:
    folder = make_images()
    (tmp_path / "file").touch()
    cache = tmp_path / "file" / "cache"
    told = r"file.*: cannot be written \(Not a directory\).* data\.cache="
    with pytest.raises(ImageError, match=told):
        list_trees([folder], cache)
    entries = index_images(list_images(folder), cache)
    with pytest.raises(ImageError, match=told):
        build_stores(entries, [StoreSpec(3)], cache)


@pytest.mark.parametrize("notes", [b"+\xff", b"++++"])
def test_notes_that_do_not_fit_are_not_believed(
    make_images: MakeImages, cache: Path, notes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = index_images(list_images(make_images()), cache)
    with monkeypatch.context() as context:
        context.setattr(builder, "load_image", lambda path: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build_stores(entries, [StoreSpec(3)], cache)
    (partial,) = (cache / "stores").glob("*.partial")
    os.truncate(partial, 3000)  # what a power cut can leave
    partial.with_suffix(".done").write_bytes(notes)
    store = build_stores(entries, [StoreSpec(3)], cache)[0]
    content = load_file(store.path)
    assert all(image.float().std() > 50 for image in content.values())
    assert torch.equal(content[sorted(content)[0]], load_image(Path(entries[0].path)))


def test_an_image_that_does_not_fit_into_memory_is_named(
    make_images: MakeImages, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 1 TB")

    entries = index_images(list_images(make_images()), cache)
    monkeypatch.setattr(StoreSpec, "render", full)
    with pytest.raises(OutOfMemoryError, match=r"0000\.png: does not fit into memory"):
        build_stores(entries, [StoreSpec(3)], cache)


def _die(item: int) -> int:
    if item == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def test_a_killed_process_is_told_in_one_line() -> None:
    with pytest.raises(
        ImageError, match=r"a process that read images was killed \(DataLoader worker"
    ):
        list(results(_die, range(4), workers=1))


def test_a_full_disk_is_told_while_a_set_is_put_in_place(
    make_images: MakeImages, small_disk: Path, tmp_path: Path
) -> None:
    source = make_images("T/images", count=8, side=120)
    published = Published("t", {"T": Folder(8, "*/images/*")}, [])
    with pytest.raises(DiskFullError, match=r"disk: cannot be written \(No space .* root=\.\.\."):
        prepare(published, small_disk, tmp_path / "cache", source.parent)
    assert not list(small_disk.rglob(".0*"))

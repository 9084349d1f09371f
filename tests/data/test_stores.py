"""Stores: their content, their names, their builders and their readers."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file

from sr_experiments.data.index import ImageInfo, index_images
from sr_experiments.data.store.build import build_stores, store_path
from sr_experiments.data.store.file import ImageStore, header
from sr_experiments.data.store.reader import Source, make_reader
from sr_experiments.data.store.spec import StoreSpec
from sr_experiments.errors import DiskFullError, ImageError
from sr_experiments.imaging import (
    Degradation,
    imresize,
    list_images,
    load_image,
    luma,
    modcrop,
    round_half_up,
    save_image,
)

MakeImages = Callable[..., Path]
CPU = torch.device("cpu")


def direct(image: torch.Tensor, ratio: Fraction, channels: int, interpolated: bool, uint8: bool):
    """The papers' path for one image, written down independently of stores."""
    x = modcrop(image, ratio.numerator).double()
    x = round_half_up(luma(x)) if channels == 1 else x.expand(channels, -1, -1)
    small = imresize(x[None], 1 / ratio, uint8=uint8)
    if interpolated:
        small = imresize(small, ratio, uint8=uint8)
    return small[0], x


def names(store: ImageStore) -> list[str]:
    """The names in the file, whose numbers are those of the images."""
    with safe_open(store.path, framework="pt") as file:
        return sorted(file.keys(), key=lambda name: int(name.partition("/")[0]))


@pytest.mark.parametrize("interpolated", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("resize", ["double", "uint8"])
def test_stores_equal_the_direct_path(
    make_images: MakeImages, cache: Path, resize: str, channels: int, interpolated: bool
) -> None:
    entries = index_images(list_images(make_images()), cache)
    ratios = [Fraction(2), Fraction(3)] + [Fraction(3, 2)] * interpolated
    degradation = Degradation(resize=resize)  # type: ignore[arg-type]
    specs = [StoreSpec(channels, degradation, ratio, 0, interpolated) for ratio in ratios]
    originals, *stores = build_stores(entries, [StoreSpec(channels), *specs], cache)
    for ratio, store in zip(ratios, stores, strict=True):
        content = load_file(store.path)  # the library's own reader
        whole = load_file(originals.path)
        for entry, name in zip(entries, names(store), strict=True):
            small, target = direct(
                load_image(Path(entry.path)), ratio, channels, interpolated, resize == "uint8"
            )
            assert torch.equal(whole[name][:, : target.shape[1], : target.shape[2]], target.byte())
            assert content[name].dtype == (torch.uint8 if resize == "uint8" else torch.float32)
            assert torch.equal(content[name].double(), small.to(content[name].dtype).double())


def test_sr291_equals_the_direct_path(shared: Path, cache: Path) -> None:
    files = [*list_images(shared / "T91")[::10], *list_images(shared / "BSD200")[::40]]
    entries = index_images(files, cache)
    spec = StoreSpec(1, Degradation(), Fraction(3), 0, True)
    store, originals = build_stores(entries, [spec, StoreSpec(1)], cache)
    content, whole = load_file(store.path), load_file(originals.path)
    for path, name in zip(files, names(store), strict=True):
        small, target = direct(load_image(path), Fraction(3), 1, True, False)
        assert (content[name].double() - small).abs().max() <= 1e-5  # float32 of 0..255
        assert torch.equal(content[name], small.float())
        assert torch.equal(whole[name][:, : target.shape[1], : target.shape[2]], target.byte())


def test_a_changed_image_makes_another_store(make_images: MakeImages, cache: Path) -> None:
    folder = make_images()
    before = index_images(list_images(folder), cache)
    first = build_stores(before, [StoreSpec(3)], cache)[0]
    image = load_image(folder / "0001.png")
    image[0, 0, 0] ^= 1
    save_image(image, folder / "0001.png")
    after = index_images(list_images(folder), cache)
    second = build_stores(after, [StoreSpec(3)], cache)[0]
    assert first.path != second.path
    assert torch.equal(load_file(second.path)[names(second)[1]], image)


def test_every_setting_makes_another_store(make_images: MakeImages, cache: Path) -> None:
    entries = index_images(list_images(make_images()), cache)
    two = Fraction(2)
    specs = [
        StoreSpec(1),
        StoreSpec(3),
        StoreSpec(3, Degradation(), two),
        StoreSpec(3, Degradation(), Fraction(3)),
        StoreSpec(3, Degradation(), two, 0, True),
        StoreSpec(3, Degradation(), two, 0, True, provided=True),
        StoreSpec(3, Degradation(blur=1.0), two),
        StoreSpec(3, Degradation(blur=1.0, kernel=9), two),
        StoreSpec(3, Degradation(quantise=True), two),
        StoreSpec(3, Degradation(resize="uint8"), two),
        StoreSpec(3, Degradation(quality=[10, 20]), two, 0),
        StoreSpec(3, Degradation(quality=[10, 20]), two, 1),
    ]
    assert len({store_path(entries, spec, cache) for spec in specs}) == len(specs)
    noisy = StoreSpec(3, Degradation(sigma=9), two)  # noise is not in the store
    assert store_path(entries, noisy, cache) == store_path(entries, specs[2], cache)
    assert store_path(entries[1:], specs[0], cache) != store_path(entries, specs[0], cache)


def test_building_again_does_nothing(make_images: MakeImages, cache: Path) -> None:
    entries = index_images(list_images(make_images()), cache)
    store = build_stores(entries, [StoreSpec(3)], cache)[0]
    state = store.path.stat()
    assert build_stores(entries, [StoreSpec(3)], cache)[0].path.stat() == state


def test_an_image_that_changed_meanwhile_is_named(make_images: MakeImages, cache: Path) -> None:
    folder = make_images()
    entries = index_images(list_images(folder), cache)
    save_image(255 - load_image(folder / "0002.png"), folder / "0002.png")
    with pytest.raises(ImageError, match=r"0002\.png: changed while"):
        build_stores(entries, [StoreSpec(3)], cache)
    assert not list((cache / "stores").glob("*.safetensors"))


@pytest.mark.parametrize("content", [b"", b"no store at all", b"\xff" * 100])
def test_a_broken_store_is_named(make_images: MakeImages, cache: Path, content: bytes) -> None:
    entries = index_images(list_images(make_images()), cache)
    path = build_stores(entries, [StoreSpec(3)], cache)[0].path
    path.write_bytes(content)
    with pytest.raises(ImageError, match="delete it"):
        build_stores(entries, [StoreSpec(3)], cache)


@pytest.mark.parametrize("residency", ["disk", "host", "device"])
def test_a_changed_bit_of_an_image_is_noticed(
    make_images: MakeImages, cache: Path, residency: str
) -> None:
    entries = index_images(list_images(make_images()), cache)
    store = build_stores(entries, [StoreSpec(1)], cache)[0]
    content = bytearray(store.path.read_bytes())
    content[store.start + int(store.layout.offsets[1]) + 7] ^= 4  # in the second image
    store.path.write_bytes(content)
    damaged = build_stores(entries, [StoreSpec(1)], cache)[0]
    rows = torch.tensor([[0, 0, 0, 0], [1, 0, 0, 0]])
    sources = [Source(damaged, 0), Source(damaged, 1)]
    corners = torch.zeros(2, 2, dtype=torch.int64)
    with pytest.raises(ImageError, match=r"safetensors: image 1 .* damaged; delete the file"):
        make_reader(sources, residency, CPU).read_patches(rows, corners, 8)  # type: ignore[arg-type]


def test_a_store_that_cannot_be_read_is_named(make_images: MakeImages, cache: Path) -> None:
    entries = index_images(list_images(make_images()), cache)
    path = build_stores(entries, [StoreSpec(1)], cache)[0].path
    path.unlink()
    path.symlink_to("/proc/self/mem")  # every read fails with EIO
    with pytest.raises(ImageError, match=r"cannot be read \(Input/output error\); delete it"):
        build_stores(entries, [StoreSpec(1)], cache)


def test_stores_without_checksums_are_still_read(make_images: MakeImages, cache: Path) -> None:
    entries = index_images(list_images(make_images()), cache)
    store = build_stores(entries, [StoreSpec(1)], cache)[0]
    layout, content = store.layout, store.path.read_bytes()[store.start :]
    old = header(names(store), layout, "y").replace(b'"crc32":', b'"other":')
    store.path.write_bytes(old + content)
    again = build_stores(entries, [StoreSpec(1)], cache)[0]
    assert torch.equal(again.flat().view(torch.uint8), torch.frombuffer(content, dtype=torch.uint8))


def test_a_full_disk_is_reported(
    make_images: MakeImages, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = index_images(list_images(make_images()), cache)
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr("sr_experiments.data.store.build.shutil.disk_usage", lambda _: usage)
    with pytest.raises(DiskFullError, match=r"MB are free; make room .* data\.cache"):
        build_stores(entries, [StoreSpec(3)], cache)


def _build(entries: Sequence[ImageInfo], cache: Path, workers: int) -> None:
    specs = [StoreSpec(1), StoreSpec(1, Degradation(), Fraction(2), 0, True)]
    build_stores(entries, specs, cache, workers)


def _contents(cache: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (cache / "stores").glob("*.safetensors")}


def test_concurrent_builders_share(make_images: MakeImages, cache: Path, tmp_path: Path) -> None:
    entries = index_images(list_images(make_images(count=12)), cache)
    context = multiprocessing.get_context("fork")
    builders = [context.Process(target=_build, args=(entries, cache, 0)) for _ in range(3)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join(60)
        assert builder.exitcode == 0
    _build(entries, tmp_path / "alone", 0)
    assert _contents(cache) == _contents(tmp_path / "alone")


@pytest.mark.parametrize("delay", [0.02, 0.1, 0.25])
def test_a_killed_build_goes_on(
    make_images: MakeImages, cache: Path, tmp_path: Path, delay: float
) -> None:
    entries = index_images(list_images(make_images(count=30, side=120)), cache)
    context = multiprocessing.get_context("fork")
    builder = context.Process(target=_build, args=(entries, cache, 0))
    builder.start()
    time.sleep(delay)
    if builder.pid and builder.is_alive():
        os.kill(builder.pid, signal.SIGKILL)
    builder.join()
    _build(entries, cache, 2)
    _build(entries, tmp_path / "undisturbed", 0)
    assert _contents(cache) == _contents(tmp_path / "undisturbed")
    assert not list((cache / "stores").glob("*.partial"))


def test_finished_images_are_not_made_again(
    make_images: MakeImages, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = index_images(list_images(make_images(count=5)), cache)
    made: list[str] = []
    fail_at = {"0003.png"}

    def load(path: Path) -> torch.Tensor:
        if path.name in fail_at:
            raise KeyboardInterrupt
        made.append(path.name)
        return load_image(path)

    monkeypatch.setattr("sr_experiments.data.store.build.load_image", load)
    with pytest.raises(KeyboardInterrupt):
        build_stores(entries, [StoreSpec(3)], cache)
    fail_at.clear()
    build_stores(entries, [StoreSpec(3)], cache)
    assert made == ["0000.png", "0001.png", "0002.png", "0003.png", "0004.png"]


@pytest.fixture(scope="module")
def two_stores(tmp_path_factory: pytest.TempPathFactory) -> list[ImageStore]:
    folder = tmp_path_factory.mktemp("two")
    generator = torch.Generator().manual_seed(3)
    for i in range(3):
        image = torch.randint(256, (3, 40 + i, 50 - i), generator=generator, dtype=torch.uint8)
        save_image(image, folder / f"{i}.png")
    entries = index_images(list_images(folder), folder / "cache")
    specs = [StoreSpec(3), StoreSpec(3, Degradation(resize="uint8"), Fraction(2), 0, True)]
    return build_stores(entries, specs, folder / "cache")


ROW = st.tuples(
    st.integers(0, 5), st.integers(0, 20), st.integers(0, 20), st.integers(0, 7), st.just(0)
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROW, min_size=1, max_size=10), st.integers(1, 18))
def test_all_residencies_give_the_same(
    two_stores: list[ImageStore], rows: list[tuple[int, ...]], side: int
) -> None:
    sources = [Source(store, image) for image in range(3) for store in two_stores]
    table = torch.tensor(rows)
    disk, host, device = (
        make_reader(sources, residency, CPU).read_patches(table, table[:, 1:3], side)
        for residency in ("disk", "host", "device")
    )
    assert disk.shape == (len(rows), 3, side, side)
    assert torch.equal(disk, host)
    assert torch.equal(disk, device)


def test_a_changed_byte_of_the_index_is_noticed(make_images: MakeImages, cache: Path) -> None:
    files = list_images(make_images())
    entries = index_images(files, cache)
    (kept,) = (cache / "index").glob("*.json")
    digest = entries[0].digest
    other = ("0" if digest[0] != "0" else "1") + digest[1:]
    kept.write_text(kept.read_text().replace(digest, other))
    assert index_images(files, cache) == entries

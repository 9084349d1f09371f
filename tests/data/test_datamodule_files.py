"""Which files a data module takes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from sr_experiments.data import RandomPatches
from sr_experiments.data.image_set import image_set
from sr_experiments.errors import ImageError
from sr_experiments.imaging import Degradation, imresize, list_images, load_image, save_image
from tests.data.datamodules import MakeImages, batches, module, same


def test_low_resolution_images_can_be_given(make_images: MakeImages, cache: Path) -> None:
    folder = make_images(side=60, step=4)
    for path in folder.iterdir():
        small = imresize(load_image(path)[None].double(), 0.5, uint8=True)[0].byte()
        save_image(small, folder.parent / "low" / f"{path.stem}x2.png")
    made = module(folder, cache, degradation=Degradation(resize="uint8"))
    given = module(folder, cache, low_resolution={2: ["low"]})
    assert same(batches(made), batches(given))


def test_too_small_images_are_named(make_images: MakeImages, cache: Path) -> None:
    data = module(make_images(side=20, step=0), cache)
    with pytest.raises(ImageError, match=r"too small .* 12 pixels at scale 2: .*0000\.png \(20 x"):
        data.train_dataloader()


def test_broken_images_are_all_named(make_images: MakeImages, cache: Path) -> None:
    folder = make_images()
    (folder / "0001.png").write_bytes(b"nothing")
    (folder / "0003.png").write_bytes(b"")
    with pytest.raises(ImageError, match=r"(?s)2 of 4 images .*0001\.png.*0003\.png"):
        module(folder, cache).train_dataloader()


def test_patterns_choose_images(make_images: MakeImages, cache: Path) -> None:
    folder = make_images(count=12)
    data = module(folder, cache, train=[f"{folder.name}/000[1-3].png"])
    assert [Path(file).name for file in data.train_set.files] == [
        "0001.png",
        "0002.png",
        "0003.png",
    ]
    with pytest.raises(ImageError, match=r"x\*\.png: no image matches"):
        module(folder, cache, train=[f"{folder.name}/x*.png"])


def flip_a_byte(file: Path) -> None:
    """Changes the content alone: not the size, and the time by as little as a file system can."""
    state, content = file.stat(), bytearray(file.read_bytes())
    content[-4] ^= 255
    file.write_bytes(content)
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns + 1))


def swap(folder: Path) -> None:
    (folder / "a.bmp").rename(folder / "c.bmp")
    (folder / "b.bmp").rename(folder / "a.bmp")
    (folder / "c.bmp").rename(folder / "b.bmp")


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda folder: flip_a_byte(folder / "a.bmp"),
    "added": lambda folder: save_image(load_image(folder / "b.bmp"), folder / "0002b.png"),
    "removed": lambda folder: (folder / "0001.png").unlink(),
    "renamed": lambda folder: (folder / "0001.png").rename(folder / "z.png"),
    "swapped": swap,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("pattern", ["images", "images/*", "im*/*.*"])
def test_a_stale_store_is_never_used(
    make_images: MakeImages, cache: Path, change: str, pattern: str
) -> None:
    folder = make_images()
    for name, like in (("a", "0000"), ("b", "0000")):
        save_image(load_image(folder / f"{like}.png"), folder / f"{name}.bmp")
    flip_a_byte(folder / "b.bmp")

    def stored() -> list[torch.Tensor]:
        targets = module(folder, cache, train=[pattern])._store().targets
        flats = {store: store.flat().numpy() for store in targets.stores}
        return [torch.tensor(s.view(flats[s], i)) for s, i in targets[:]]

    def files() -> list[torch.Tensor]:
        return [load_image(file) for file in list_images(folder)]

    def equal(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
        return len(one) == len(other) and all(map(torch.equal, one, other))

    before = stored()
    assert equal(before, files())
    CHANGES[change](folder)
    assert not equal(before, files())
    assert equal(stored(), files())


@pytest.mark.parametrize(
    "pattern", ["*.png", "*/*.png", "**/*.png", "a/**/*", "*/0?.*", "a/../b/*", "./a/*", "*/[!c]*"]
)
def test_patterns_mean_what_pathlib_says(tmp_path: Path, pattern: str) -> None:
    for name in ("x.png", "a/00.png", "a/01.PNG", "a/b/c.png", "a-b/c.png", "a/t.txt", "b/.h.bmp"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    (tmp_path / "a/folder.png").mkdir()
    wanted = [p for p in sorted(tmp_path.glob(pattern)) if p.is_file() and p.suffix != ".txt"]
    assert list(map(Path, image_set("train", tmp_path, [pattern]).files)) == wanted


def test_gray_images_of_a_package_are_not_doubted(
    make_images: MakeImages, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = {"train": ["camera.png"], "patches": RandomPatches(12, 4, 4)}
    package = module(make_images(), cache, root="pkg://skimage/data", **here)
    package.prepare_data()
    assert "gray" not in capsys.readouterr().out
    module(make_images("gray", channels=1), cache).prepare_data()
    assert "4 of 4 training images are gray" in capsys.readouterr().out

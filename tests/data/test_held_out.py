"""Validation images that are held out of the training set."""

import shutil
from functools import partial
from pathlib import Path

import pytest

from sr_experiments.data.image_set import HELD_OUT, ImageSet, hold_out
from sr_experiments.data.index import count_shared
from sr_experiments.errors import ImageError
from sr_experiments.imaging import list_images
from tests.data import datamodules
from tests.data.datamodules import MakeImages

module = partial(datamodules.module, held_out=2)


def names(files: tuple[str, ...]) -> list[str]:
    return [Path(file).name for file in files]


def test_held_out_images_are_scored_and_never_trained_on(
    make_images: MakeImages, cache: Path
) -> None:
    data = module(make_images(count=8), cache)
    scored = [item for item in data.val_dataloader() if item is not None]
    held = [item["path"] for item in scored]
    assert len(held) == 2
    assert data.training_images == 6
    trained = {entry.path for entry in data._entries()}
    assert len(trained) == 6
    assert not trained & set(held)
    stored = data._training_set()
    assert len(set(stored.images.tolist())) == 6
    assert {item["benchmark"] for item in scored} == {HELD_OUT}


def test_copies_of_held_out_images_leave_the_training_set(
    make_images: MakeImages, cache: Path
) -> None:
    folder = make_images(count=8)
    held = names(module(folder, cache).held_out)[0]
    shutil.copy(folder / held, folder / "copy.png")
    data = module(folder, cache, held_out=2)
    assert held in names(data.held_out)
    assert "copy.png" not in [Path(entry.path).name for entry in data._entries()]


def test_the_choice_depends_on_file_names_alone() -> None:
    files = [f"/a/{i:03d}.png" for i in range(91)]
    kept, held = hold_out(ImageSet("train", tuple(files)), 5)
    assert len(held.files) == 5
    assert sorted([*kept.files, *held.files]) == files
    elsewhere = hold_out(ImageSet("train", tuple(f.replace("/a/", "/b/c/") for f in files)), 5)[1]
    assert names(elsewhere.files) == names(held.files)
    more = hold_out(ImageSet("train", (*files, "/a/another.png")), 5)[1]
    assert len(set(more.files) & set(held.files)) >= 4


@pytest.mark.parametrize(("images", "held"), [(2, 1), (7, 1), (8, 2), (19, 4), (20, 5), (90, 5)])
def test_a_small_folder_keeps_something_to_learn(images: int, held: int) -> None:
    files = tuple(f"{i}.png" for i in range(images))
    assert len(hold_out(ImageSet("train", files), 5)[1].files) == held


def test_what_cannot_be_held_out_is_said(make_images: MakeImages, cache: Path) -> None:
    alone = make_images("alone", count=1)
    with pytest.raises(ImageError, match=r"data\.held_out=2: there is one training image alone"):
        module(alone, cache)
    folder = make_images()
    with pytest.raises(ValueError, match="held_out must be at least 0"):
        module(folder, cache, held_out=-1)
    with pytest.raises(ValueError, match="held_out must be 0 with residency=stream"):
        module(folder, cache, residency="stream")
    with pytest.raises(ValueError, match="val: held_out is the set of"):
        module(folder, cache, val={"held_out": [folder.name]})


def test_shared_images_are_found_by_their_pixels(make_images: MakeImages, cache: Path) -> None:
    val, test = make_images("val", count=3), make_images("test", count=4, seed=1)
    for name in ("0000.png", "0002.png"):
        shutil.copy(val / name, test / f"copy_of_{name}")
    assert count_shared(list_images(val), list_images(test), cache) == 2
    assert count_shared([], list_images(test), cache) == 0

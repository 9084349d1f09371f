from collections.abc import Callable
from pathlib import Path

import pytest

from sr_experiments.data.index import ImageInfo, index_images
from sr_experiments.data.validate import find_issues, pair_up
from sr_experiments.errors import ImageError
from sr_experiments.imaging import list_images, load_image, save_image

MakeImages = Callable[..., Path]


def entry(name: str, width: int = 40, height: int = 20) -> ImageInfo:
    return ImageInfo(name, 0, 0, name, 3, height, width)


def test_pairs_by_name_with_or_without_the_scale() -> None:
    originals = [entry("hr/0001.png"), entry("hr/0002.png")]
    small = [entry("lr/0002x2.png", 20, 10), entry("lr/0001.png", 20, 10)]
    assert [e.path for e in pair_up(originals, small, 2)] == ["lr/0001.png", "lr/0002x2.png"]


def test_namesakes_are_paired_by_their_folders() -> None:
    originals = [entry("hr/a/0001.png"), entry("hr/b/0001.png"), entry("hr/b/0002.png")]
    small = [entry(f"lr/{name}x2.png", 20, 10) for name in ("b/0001", "a/0001", "b/0002")]
    assert [e.path for e in pair_up(originals, small, 2)] == [
        "lr/a/0001x2.png",
        "lr/b/0001x2.png",
        "lr/b/0002x2.png",
    ]


@pytest.mark.parametrize(
    ("originals", "small"),
    [
        (["a/0001.png", "b/0001.png"], ["lb/0001.png"]),
        (["a/0001.png", "b/0001.png"], ["la/0001.png", "lb/0001.png"]),
        (["hr/0001.png", "hr/0001.bmp"], ["lr/0001x2.png"]),
        (["hr/0001.png"], ["lr/0001.png", "lr/0001x2.png"]),
        (["hr/0001.png"], ["lr/a/0001.png", "lr/b/0001.png"]),
    ],
)
def test_namesakes_that_nothing_tells_apart_are_refused(
    originals: list[str], small: list[str]
) -> None:
    with pytest.raises(ImageError, match=r"no one low-resolution image for .*0001"):
        pair_up([entry(n) for n in originals], [entry(n, 20, 10) for n in small], 2)


def test_an_image_listed_twice_has_its_one_partner_twice() -> None:
    originals = [entry("hr/0001.png"), entry("hr/0001.png")]
    assert len(pair_up(originals, [entry("lr/0001.png", 20, 10)], 2)) == 2


def test_a_name_that_ends_like_a_scale_finds_itself() -> None:
    (pair,) = pair_up([entry("hr/lens_x2.png")], [entry("lr/lens_x2.png", 20, 10)], 2)
    assert pair.path == "lr/lens_x2.png"


def test_missing_pairs_are_named() -> None:
    with pytest.raises(ImageError, match=r"no low-resolution image for hr/0002\.png; .*x2"):
        pair_up([entry("hr/0001.png"), entry("hr/0002.png")], [entry("lr/0001x2.png", 20, 10)], 2)


def test_wrong_ratios_are_named() -> None:
    with pytest.raises(ImageError, match=r"lr/0001x2\.png is 10 x 5, not 20 x 10"):
        pair_up([entry("hr/0001.png")], [entry("lr/0001x2.png", 10, 5)], 2)


def test_images_of_test_sets_are_found_whatever_they_are_called(
    make_images: MakeImages, cache: Path
) -> None:
    train, test = make_images("train"), make_images("test", seed=1)
    save_image(load_image(train / "0002.png"), test / "other.bmp")
    entries = {n: index_images(list_images(f), cache) for n, f in (("a", train), ("b", test))}
    assert find_issues(entries["a"], {"b": entries["b"][:3]}, 3) == []
    (doubt,) = find_issues(entries["a"], {"b": entries["b"]}, 3)
    assert "1 of 5 images of the test set b are training images" in doubt
    assert "other.bmp = " in doubt
    assert "0002.png" in doubt


def test_gray_images_for_colour_are_named(make_images: MakeImages, cache: Path) -> None:
    entries = index_images(list_images(make_images(channels=1, count=7)), cache)
    (doubt,) = find_issues(entries, {}, 3)
    assert "7 of 7 training images are gray" in doubt
    assert "and 2 more" in doubt
    assert find_issues(entries, {}, 1) == []
    named = {entry.path for entry in entries}
    assert find_issues(entries, {}, 3, named) == []


def test_files_are_read_once(
    make_images: MakeImages, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_images()
    first = index_images(list_images(folder), cache)
    read: list[Path] = []

    def load(path: Path):
        read.append(path)
        return load_image(path)

    monkeypatch.setattr("sr_experiments.data.index.load_image", load)
    assert index_images(list_images(folder), cache) == first
    assert read == []
    assert index_images([str(file) for file in list_images(folder)], cache) == first
    save_image(load_image(folder / "0000.png")[:, 1:], folder / "0001.png")
    changed = index_images(list_images(folder), cache)
    assert [path.name for path in read] == ["0001.png"]
    assert changed[0] == first[0]
    assert changed[1].digest != first[1].digest


def test_an_index_of_another_format_is_made_anew(make_images: MakeImages, cache: Path) -> None:
    files = list_images(make_images())
    first = index_images(files, cache)
    (kept,) = (cache / "index").glob("*.json")
    for text in ("[[1, 2, 3]]", '{"path": ["a"]}', "{", '{"path": 3}', "7"):
        kept.write_text(text, encoding="utf-8")
        assert index_images(files, cache) == first

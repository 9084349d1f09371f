import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from sr_experiments.data import RandomPatches
from sr_experiments.data.file_list import list_trees
from sr_experiments.data.streaming import StreamingSet, skipped
from sr_experiments.errors import ImageError
from sr_experiments.imaging import Degradation, imresize, save_image

MakeImages = Callable[..., Path]


def stream(folder: Path, cache: Path, **changes: object) -> StreamingSet:
    arguments = {
        "scales": [4],
        "channels": 3,
        "interpolated": False,
        "patches": RandomPatches(8, 1, 4, augment=False),
        "degradation": Degradation(),
        "broken": "stop",
        **changes,
    }
    return StreamingSet(
        list_trees([folder], cache),
        report=cache / "skipped",
        **arguments,  # type: ignore[arg-type]
    )


def rows(data: StreamingSet, seed: int = 0) -> torch.Tensor:
    return data.rows(torch.Generator().manual_seed(seed))


def test_inputs_are_degraded_targets(make_images: MakeImages, cache: Path) -> None:
    data = stream(make_images(), cache)
    batch = data.__getitems__(rows(data))
    assert batch["target"].shape == (4, 3, 32, 32)
    expected = imresize(batch["target"].double() * 255, 1 / 4) / 255
    torch.testing.assert_close(batch["input"].double(), expected, atol=1e-6, rtol=0)


def test_several_scales_and_interpolation(make_images: MakeImages, cache: Path) -> None:
    folder = make_images()
    data = stream(folder, cache, scales=[2, 3], interpolated=True)
    table = rows(data)
    batch = data.__getitems__(table)
    assert batch["input"].shape == batch["target"].shape == (8, 3, 8, 8)
    assert sorted(batch["scale"].tolist()) == [2.0] * 4 + [3.0] * 4
    assert sorted(batch["index"].tolist()) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert data.groups is None
    grouped = stream(folder, cache, scales=[2, 3])
    assert grouped.groups is not None
    assert grouped.groups.tolist() == [0, 1] * 4


def test_a_row_gives_the_same_patch_again(make_images: MakeImages, cache: Path) -> None:
    data = stream(make_images(), cache, degradation=Degradation(sigma=9.0))
    table = rows(data)
    one, other = data.__getitems__(table), data.__getitems__(table.flip(0))
    assert torch.equal(one["input"], other["input"].flip(0))
    assert not torch.equal(one["input"], data.__getitems__(rows(data, 1))["input"])


def test_broken_images_stop_or_are_skipped(make_images: MakeImages, cache: Path) -> None:
    folder = make_images()
    (folder / "0001.png").write_bytes(b"broken")
    save_image(torch.zeros(3, 9, 9, dtype=torch.uint8), folder / "0002.png")
    strict = stream(folder, cache)
    with pytest.raises(ImageError, match=r"000[12]\.png.* \(data\.broken=skip leaves"):
        strict.__getitems__(rows(strict))
    data = stream(folder, cache, broken="skip")
    for _ in range(2):
        data.__getitems__(rows(data))
    names = skipped(cache / "skipped")
    assert len(names) == 2
    assert any("0001.png: broken" in name for name in names)
    assert any("0002.png: 9 x 9 pixels are fewer" in name for name in names)


def test_only_broken_images_end_the_run(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.png").write_bytes(b"broken")
    data = stream(tmp_path / "bad", cache, broken="skip")
    with pytest.raises(ImageError, match="none of the images can be used"):
        data.__getitems__(rows(data))


def test_flat_patches_are_avoided(tmp_path: Path, cache: Path) -> None:
    image = torch.zeros(3, 64, 64, dtype=torch.uint8)
    image[:, :, 32:] = torch.randint(256, (3, 64, 32), dtype=torch.uint8)
    save_image(image, tmp_path / "half" / "a.png")
    rule = RandomPatches(4, 64, 4, min_std=1.0)
    data = stream(tmp_path / "half", cache, patches=rule)
    targets = data.__getitems__(rows(data))["target"]
    assert (targets.flatten(1).std(dim=1) > 0).float().mean() > 0.98
    flat = stream(tmp_path / "half", cache, patches=RandomPatches(4, 64, 4))
    targets = flat.__getitems__(rows(flat))["target"]
    assert (targets.flatten(1).std(dim=1) > 0).float().mean() < 0.9


def test_the_list_is_kept_until_a_folder_changes(
    make_images: MakeImages, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_images("tree/a", count=2)
    make_images("tree/b/c", count=1)
    (tmp_path / "tree" / "b" / "notes.txt").write_text("no image")
    files = list_trees([tmp_path / "tree"], cache)
    names = [str(files[i].relative_to(tmp_path / "tree")) for i in range(len(files))]
    assert names == ["a/0000.png", "a/0001.png", "b/c/0000.png"]
    with monkeypatch.context() as context:
        context.setattr("sr_experiments.data.file_list.image_paths", None)  # not walked again
        assert len(list_trees([tmp_path / "tree"], cache)) == 3
    time.sleep(0.01)
    save_image(torch.zeros(3, 9, 9, dtype=torch.uint8), tmp_path / "tree" / "b" / "c" / "z.png")
    assert len(list_trees([tmp_path / "tree"], cache)) == 4


def test_empty_and_missing_trees_are_named(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageError, match="empty: no image in this folder"):
        list_trees([tmp_path / "empty"], cache)
    with pytest.raises(ImageError, match="nowhere: no such folder"):
        list_trees([tmp_path / "nowhere"], cache)

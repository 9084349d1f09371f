from pathlib import Path
from typing import Any

import pytest
import torch

from sr_experiments.data import GridPatches, RandomPatches
from sr_experiments.errors import ImageError
from sr_experiments.imaging import Degradation, imresize, load_image, save_image
from sr_experiments.imaging.augment import dihedral
from tests.data.datamodules import MakeImages, batches, module, same


@pytest.mark.parametrize("interpolated", [False, True])
def test_patches_are_aligned_with_their_originals(
    make_images: MakeImages, cache: Path, interpolated: bool
) -> None:
    """Each patch is found in the image it names, degraded as a whole, at the same place."""
    folder = make_images()
    found = 0
    for batch in batches(module(folder, cache, interpolated=interpolated)):
        for x, y, scale, index in zip(*batch.values(), strict=True):
            assert scale == 2
            image = load_image(folder / f"{int(index):04d}.png")
            image = image[:, : image.shape[1] // 2 * 2, : image.shape[2] // 2 * 2].double()
            small = imresize(image[None], 0.5)
            small = (imresize(small, 2) if interpolated else small)[0].float() / 255
            for k in range(8):
                found += _occurs(x, y, small, image.float() / 255, k)
    assert found == 16


def _occurs(x: torch.Tensor, y: torch.Tensor, small: torch.Tensor, image: torch.Tensor, k: int):
    side, factor = x.shape[-1], y.shape[-1] // x.shape[-1]
    inverse = k if k >= 4 else -k % 4
    x, y = dihedral(x, inverse), dihedral(y, inverse)
    windows = small.unfold(1, side, 1).unfold(2, side, 1)
    places = (windows == x[:, None, None]).flatten(3).all(dim=3).all(dim=0).nonzero()
    return any(
        torch.equal(image[:, t * factor :, s * factor :][:, : y.shape[1], : y.shape[2]], y)
        for t, s in places.tolist()
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"interpolated": True, "scales": [2, 3, 4], "channels": 1},
        {"scales": [2, 4]},
        {"degradation": Degradation(sigma=[5, 50], blind=True)},
        {"interpolated": True, "scales": [1.5, 2], "degradation": Degradation(sigma=10.0)},
        {"scales": [1], "interpolated": True, "degradation": Degradation(sigma=25)},
        {"degradation": Degradation(resize="uint8", quality=[10, 50])},
        {"patches": GridPatches(12, 9, 4, min_std=60.0)},
    ],
)
def test_residencies_and_workers_change_nothing(
    make_images: MakeImages, cache: Path, changes: dict[str, Any]
) -> None:
    folder = make_images()
    reference = batches(module(folder, cache, residency="disk", **changes))
    assert len(reference) > 2
    for residency, workers in (("host", 0), ("device", 0), ("disk", 2), ("host", 1)):
        data = module(folder, cache, residency=residency, num_workers=workers, **changes)
        assert same(reference, batches(data)), (residency, workers)


def test_epochs_and_seeds_differ_and_repeat(make_images: MakeImages, cache: Path) -> None:
    folder = make_images()
    one = batches(module(folder, cache, seed=1))
    assert same(one, batches(module(folder, cache, seed=1)))
    assert not same(one, batches(module(folder, cache, seed=2)))
    assert not same(one, batches(module(folder, cache, seed=1), epoch=1))


@pytest.mark.parametrize("residency", ["host", "stream"])
def test_workers_do_not_repeat_one_another(
    make_images: MakeImages, cache: Path, residency: str
) -> None:
    data = module(make_images(), cache, residency=residency, num_workers=2)
    patches = torch.cat([batch["target"] for batch in batches(data)])
    assert len(patches.flatten(1).unique(dim=0)) == len(patches)


def test_noise_is_new_in_each_epoch_and_for_each_patch(
    make_images: MakeImages, cache: Path
) -> None:
    data = module(
        make_images(),
        cache,
        scales=[1],
        interpolated=True,
        degradation=Degradation(sigma=20),
        patches=GridPatches(12, 12, 4, augment=False),
    )
    first, second = batches(data), batches(data, epoch=1)
    noise = torch.cat([255 * (batch["input"] - batch["target"]) for batch in first + second])
    assert noise.std() == pytest.approx(20, rel=0.02)
    assert len(noise[:, 0, 0, 0].unique()) == len(noise)


def test_scales_are_mixed_for_interpolated_inputs_alone(
    make_images: MakeImages, cache: Path
) -> None:
    folder = make_images()
    low = batches(module(folder, cache, scales=[2, 4]))
    assert all(len(batch["scale"].unique()) == 1 for batch in low)
    assert {float(batch["scale"][0]) for batch in low} == {2.0, 4.0}
    for batch in low:
        assert batch["input"].shape[-1] == 12
        assert batch["target"].shape[-1] == 12 * int(batch["scale"][0])
    mixed = batches(module(folder, cache, scales=[2, 4], interpolated=True))
    assert any(len(batch["scale"].unique()) == 2 for batch in mixed)


@pytest.mark.parametrize("residency", ["disk", "stream"])
def test_trains_on_some_scales_and_scores_all(
    make_images: MakeImages, cache: Path, residency: str
) -> None:
    folder = make_images()
    data = module(
        folder,
        cache,
        scales=[2, 3, 4],
        train_scales=[2, 4],
        interpolated=True,
        residency=residency,
        test={"set": [folder.name]},
    )
    assert {float(s) for batch in batches(data) for s in batch["scale"]} == {2, 4}
    assert {item["scale"] for item in data.test_dataloader()} == {2, 3, 4}


@pytest.mark.parametrize("wrong", [[5], [2, 5], []])
def test_refuses_to_train_on_scales_that_the_network_has_not(
    make_images: MakeImages, cache: Path, wrong: list[float]
) -> None:
    with pytest.raises(ValueError, match=r"train_scales must be among .* \[2, 3\], got \["):
        module(make_images(), cache, scales=[2, 3], train_scales=wrong, interpolated=True)


def test_epoch_length(make_images: MakeImages, cache: Path) -> None:
    folder = make_images()
    assert len(batches(module(folder, cache))) == 4
    assert len(batches(module(folder, cache, steps_per_epoch=7))) == 7
    assert len(batches(module(folder, cache, patches_per_epoch=24))) == 6
    recipe = RandomPatches(12, 4, 4, steps_per_epoch=9)
    assert len(batches(module(folder, cache, patches=recipe))) == 9
    assert len(batches(module(folder, cache, patches=recipe, steps_per_epoch=7))) == 7
    assert len(batches(module(folder, cache, patches=recipe, patches_per_epoch=24))) == 6
    with pytest.raises(ValueError, match=r"^patches_per_epoch and steps_per_epoch exclude"):
        module(folder, cache, steps_per_epoch=7, patches_per_epoch=24)


def test_flat_patches_are_left_out(make_images: MakeImages, cache: Path) -> None:
    folder = make_images(count=2, side=60, step=0)
    image = load_image(folder / "0000.png")
    image[:, :, :30] = 7
    save_image(image, folder / "0000.png")
    for rule in (GridPatches(10, 10, 1, min_std=1.0), RandomPatches(10, 99, 1, min_std=1.0)):
        data = module(folder, cache, patches=rule, scales=[1])
        assert all(255 * batch["target"].std() > 1 for batch in batches(data))
    # 36 patches an image, of which half of one image's are flat
    grid = GridPatches(10, 10, 1, min_std=1.0)
    assert len(batches(module(folder, cache, patches=grid, scales=[1]))) == 54


def test_stream_needs_random_patches(make_images: MakeImages, cache: Path) -> None:
    with pytest.raises(ValueError, match=r"^residency=stream cannot lay a grid"):
        module(make_images(), cache, residency="stream", patches=GridPatches(12, 12, 1))


def test_device_residency_has_no_workers(make_images: MakeImages, cache: Path) -> None:
    with pytest.raises(ImageError, match=r"set data\.num_workers=0"):
        module(make_images(), cache, residency="device", num_workers=1).train_dataloader()


@pytest.mark.parametrize(
    ("changes", "batches"), [({"steps_per_epoch": 3}, 6), ({"patches_per_epoch": 15}, 2)]
)
def test_epochs_count_steps_of_the_optimizer(
    make_images: MakeImages, cache: Path, changes: dict[str, int], batches: int
) -> None:
    data = module(make_images(), cache, accumulate=2, **changes)
    assert len(data.train_dataloader()) == batches

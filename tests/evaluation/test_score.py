from pathlib import Path

import pytest
import torch
from torch import Tensor

from sr_experiments.batches import EvaluationItem
from sr_experiments.errors import ImageError
from sr_experiments.evaluation import NAMED, BenchmarkScore
from sr_experiments.evaluation.score import score
from sr_experiments.imaging import imresize, load_image, modcrop, quantise, save_image
from sr_experiments.inference.bicubic import Bicubic


def enlarged(image: Tensor, scale: int) -> Tensor:
    """A picture that was shrunk and enlarged, uint8, by MATLAB's path for uint8 images."""
    x = modcrop(image, scale)[None].double()
    return quantise(imresize(imresize(x, 1 / scale, uint8=True), scale, uint8=True))[0].byte()


@pytest.mark.parametrize("protocol", ["rgb8", "edsr", "rgb"])
def test_it_is_what_evaluation_says_of_the_same_pictures(protocol: str, make_images) -> None:
    path = make_images("hr", 1, 65, 50) / "0.png"
    original = load_image(path)
    item: EvaluationItem = {"image": original, "path": "0.png", "benchmark": "a", "scale": 2.0}
    scorer = BenchmarkScore(NAMED[protocol], ["a"], [2.0])
    scorer.update(Bicubic([2.0]), item)
    (row,) = scorer.compute()
    ours = score(enlarged(original, 2), path, protocol, scale=2)
    assert ours.psnr == pytest.approx(row.psnr, abs=1e-4)
    assert ours.ssim == pytest.approx(row.ssim, abs=1e-6)
    assert protocol in ours.protocol


def test_set5_scores_as_published(shared_data: Path) -> None:
    originals = sorted((shared_data / "Set5").glob("*.png"))
    results = [enlarged(load_image(path), 2) for path in originals]
    ours = score(results, originals, "rgb8", scale=2)
    assert ours.psnr == pytest.approx(33.64, abs=0.005)  # SelfExSR's, Huang et al., CVPR 2015
    assert len(ours.per_image) == 5


def test_folders_are_matched_in_the_order_of_their_names(make_images, tmp_path: Path) -> None:
    folder = make_images("hr", 2)
    for path in folder.iterdir():
        save_image(enlarged(load_image(path), 2), tmp_path / "sr" / path.name)
    both = score(tmp_path / "sr", str(folder), scale=2)
    each = [score(tmp_path / "sr" / f"{i}.png", folder / f"{i}.png", scale=2) for i in range(2)]
    assert [name for name, *_ in both.per_image] == ["0.png", "1.png"]
    assert both.psnr == pytest.approx(sum(one.psnr for one in each) / 2)


def test_mistakes_are_named(make_images) -> None:
    path = make_images("hr", 2) / "0.png"
    image = load_image(path)
    with pytest.raises(ValueError, match="scale: protocol vdsr leaves out"):
        score(image, path)
    with pytest.raises(ValueError, match="'psnr' is none of vdsr, rgb8"):
        score(image, path, "psnr", scale=2)
    with pytest.raises(ValueError, match="expected one for each of 1 images, got 2"):
        score(image, path.parent, scale=2)
    with pytest.raises(
        ValueError, match=r"number 0 is torch.float32 \[3, 64, 72\]; expected uint8"
    ):
        score(image.float(), path, scale=2)
    with pytest.raises(ImageError, match=r"\[3, 62, 72\] does not fit its reference 0.png"):
        score(image[:, 2:], path, scale=2)
    with pytest.raises(ImageError, match="the same size and channels"):
        score(image[:1], path, "rgb", scale=2)
    assert score(image, image, scale=2).psnr == torch.inf


def test_a_fixed_border_needs_no_scale(make_images) -> None:
    path = make_images("hr", 1) / "0.png"
    assert score(enlarged(load_image(path), 2), path, "denoise").psnr > 20

import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from PIL import Image

import sr_experiments as sr
from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.page.enlarge import Enlarger, Request, Upload
from sr_experiments.cli.subject import load_subject
from sr_experiments.errors import UserError


@pytest.fixture
def enlarger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Enlarger:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def load(weights: str):
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            composed = compose("app", ["run_dir=."])
        return load_subject(composed, weights, [])[:2]

    return Enlarger(load, most_pixels=1e6)


def picture(name: str = "photo.png", size: tuple[int, int] = (20, 12)) -> Upload:
    file = io.BytesIO()
    values = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), np.uint8)
    Image.fromarray(values).save(file, "PNG")
    return Upload(name, file.getvalue())


def request(**changes) -> Request:
    return Request(picture(), None, "vdsr10_x2", 2.0, ensemble=False)._replace(**changes)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_a_picture_is_restored_beside_bicubic_and_nothing_is_left(
    enlarger: Enlarger, tmp_path: Path
):
    shares: list[float] = []
    result = enlarger(request(), shares.append)
    assert opened(result.given).tobytes() == opened(picture().content).tobytes()
    assert [opened(f).size for f in (result.bicubic, result.restored)] == [(40, 24)] * 2
    assert result.bicubic != result.restored
    assert result.words.startswith("photo.png: 20 x 12 -> 40 x 24")
    assert result.scores == []
    assert shares[-1] == 1
    assert shares == sorted(shares)
    assert list(tmp_path.iterdir()) == []


def test_scores_are_those_of_files(enlarger: Enlarger, tmp_path: Path):
    original = picture("large.png", (40, 24))
    result = enlarger(request(original=original), lambda _: None)
    for name, content in (("sr.png", result.restored), ("hr.png", original.content)):
        (tmp_path / name).write_bytes(content)
    expected = sr.score(tmp_path / "sr.png", tmp_path / "hr.png", protocol="rgb8", scale=2)
    assert result.scores[1] == f"vdsr10_x2: {expected.psnr:.2f} dB, SSIM {expected.ssim:.4f}"
    assert result.scores[0].startswith("bicubic: ")


def test_an_original_of_another_size_is_said(enlarger: Enlarger):
    result = enlarger(request(original=picture("hr.png", (41, 60))), lambda _: None)
    assert result.scores == [
        "hr.png: has 41 x 60 pixels, the result 40 x 24: they cannot be compared"
    ]
    assert result.restored


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"picture": Upload("../a b.png", b"text")}, r"^\.\./a b\.png: broken or not an image; "),
        ({"picture": Upload("empty.jpg", b"")}, r"^empty\.jpg: is empty"),
        ({"original": Upload("hr.png", b"text")}, r"^hr\.png: broken or not an image"),
        ({"scale": 64.0}, r"^photo\.png: the result would have 1\.0 megapixels; at most 0\.5 "),
        ({"scale": 0.5}, "scale: must be from 1 to 64"),
        ({"weights": "none"}, "none: no such file"),
    ],
)
def test_what_cannot_be_done_is_said(
    enlarger: Enlarger, tmp_path: Path, changes: dict, message: str
):
    enlarger.most_pixels = 5e5
    with pytest.raises(UserError, match=message):
        enlarger(request(**changes), lambda _: None)
    assert list(tmp_path.iterdir()) == []
    assert enlarger(request(), lambda _: None).restored

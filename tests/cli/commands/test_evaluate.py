"""evaluate.py as the comparison tool: weights of any kind, protocols, pictures of others."""

import csv
from pathlib import Path

import pytest
import torch

from sr_experiments.imaging import imresize, load_image, quantise, save_image
from sr_experiments.models import VDSR
from tests.cli.conftest import TINY, Command


def read(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_weights_of_any_kind_in_one_table(command: Command, images: list[str], tmp_path: Path):
    tiny = [*TINY, "log_images=0", "model.scales=[2]"]
    trained = command("train", *images, *tiny, "protocol=edsr", "degradation=jpeg", run="mine")
    assert trained.code == 0, trained.err
    exported = tmp_path / "exported.safetensors"
    assert command("export", f"weights={trained.folder}", f"output={exported}").code == 0
    weights = f"weights=[{trained.folder},bicubic,{exported}]"
    both = command("evaluate", weights, *images, "log_images=1", run="both")
    assert both.code == 0, both.err
    lines = read(both.folder / "comparison.csv")
    assert [line["method"] for line in lines] == ["bicubic", "mine", "exported"]
    # The exported file, too, brings protocol and degradation.
    assert lines[1]["psnr"] == lines[2]["psnr"]
    assert float(lines[1]["psnr"]) == pytest.approx(trained.status["metrics"]["test/psnr"])
    assert {line["protocol"] for line in lines} == {"edsr"}
    assert "JPEG" in lines[1]["degradation"]
    assert float(lines[1]["seconds"]) > 0
    assert (both.folder / "images" / "comparison.png").is_file()
    assert (both.folder / "comparison.tex").is_file()

    typed = [weights, *images, "protocols=[vdsr,rgb]", "published=vdsr", "log_images=1"]
    more = command("evaluate", *typed, run="more")
    assert more.code == 0, more.err
    lines = read(more.folder / "comparison.csv")
    assert [line["protocol"] for line in lines] == ["vdsr"] * 3 + ["rgb"] * 3
    assert not (more.folder / "images").exists()
    images_scored = read(more.folder / "per_image.csv")
    assert len(images_scored) == 5 * 4
    assert "mine vdsr/psnr" in more.status["metrics"]

    other = command("evaluate", weights, *images, "protocol=vdsr", "log_images=0", run="other")
    assert "protocol.name=vdsr" in other.out
    assert "as typed; in training" in other.out


def test_sets_must_be_the_same(command: Command, images: list[str], tmp_path: Path):
    trained = command("train", *images, *TINY, "log_images=0", run="mine")
    refused = command("evaluate", f"weights=[{trained.folder},vdsr]", run="no")
    assert refused.code == 2
    assert refused.err.count("\n") == 1
    assert "are scored differently, data." in refused.err
    assert "choose for all: data=..." in refused.err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["weights=[]"], "weights: names nothing"),
        (["weights=vdsr", "protocols=[vdsq]"], "protocols: 'vdsq' is none of vdsr, rgb8"),
        (["weights=vdsr", "images=a"], "give one of ckpt_path="),
        (["images=a"], "reference: needs the folder of the originals"),
        (["images=a", "reference=b"], "scale: protocol vdsr leaves out as many pixels"),
        (["images=nowhere", "reference=b", "scale=2"], "nowhere: no such folder"),
        (["weights=[vdsr,nothing]"], "nothing: no such file; with the package come: vdsr10_x2"),
    ],
)
def test_mistakes_are_one_line(command: Command, given: list[str], message: str):
    result = command("evaluate", *given)
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert message in result.err


def test_plain_weights_want_their_network_named(command: Command, tmp_path: Path):
    torch.save(VDSR(depth=3, channels=4).state_dict(), tmp_path / "a.pth")
    result = command("evaluate", f"weights={tmp_path}/a.pth")
    assert "plain weights want their network named, as model=edsr" in result.err


def test_pictures_of_any_program_are_scored(command: Command, images: list[str], tmp_path: Path):
    originals = sorted((tmp_path / "data" / "test").iterdir())
    (tmp_path / "sr").mkdir()
    for path in originals[:4]:
        small = imresize(load_image(path)[None].double(), 1 / 2, uint8=True)
        large = quantise(imresize(small, 2, uint8=True))[0].byte()
        save_image(large, tmp_path / "sr" / f"{path.stem}_x2.png")
    save_image(large, tmp_path / "sr" / "stranger.png")
    folders = [f"images={tmp_path}/sr", f"reference={originals[0].parent}"]
    scored = command("evaluate", *folders, "scale=2", "protocol=rgb8")
    assert scored.code == 0, scored.err
    assert "1 without an original, not scored: stranger.png" in scored.out
    assert f"1 without a result: {originals[4].name}" in scored.out
    lines = read(scored.folder / "per_image.csv")
    assert [line["image"] for line in lines] == [f"{p.stem}_x2.png" for p in originals[:4]]
    assert scored.status["state"] == "finished"

    bicubic = [*images, "weights=bicubic", "model.scales=[2]", "protocol=rgb8", "log_images=0"]
    made = command("evaluate", *bicubic, run="bicubic")
    expected = {Path(x["image"]).stem: x["psnr"] for x in read(made.folder / "per_image.csv")}
    for line in lines:
        name = Path(line["image"]).stem.removesuffix("_x2")
        assert float(line["psnr"]) == pytest.approx(float(expected[name]), abs=1e-6)

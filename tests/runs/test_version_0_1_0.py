"""What version 0.1.0 has left: two run folders and a checkpoint, made by its code (ebbbd7a)."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from sr_experiments.inference.checkpoints import read_checkpoint
from sr_experiments.runs import former_names
from sr_experiments.runs.read import read_run, read_runs
from tests.cli.conftest import Command

FOLDER = Path(__file__).parent / "version_0_1_0"
FINISHED, DIVERGED, CHECKPOINT = FOLDER / "finished", FOLDER / "diverged", FOLDER / "vdsr.ckpt"


@pytest.fixture
def data(make_images: Callable[..., Path]) -> str:
    """The images that it was trained on and tested on."""
    train = make_images("data/train", 2, 48, 52)
    make_images("data/test", 1, 40, 44)
    return f"data.root={train.parent}"


def test_its_runs_are_read() -> None:
    run = read_run(FINISHED)
    assert (run.state, run.error, run.seed, run.notes) == ("finished", "", 0, ())
    assert run.curves["val/psnr"].step.tolist() == [2, 4]
    assert run.metrics["test/test_x2/psnr_y"] == pytest.approx(11.2168, abs=1e-4)
    assert run.bicubic["test/test_x2/psnr_y"] == pytest.approx(27.258, abs=1e-3)
    lost = read_run(DIVERGED)
    assert lost.state == "diverged"
    assert "training diverged: the loss is inf in step 2" in lost.error


def test_its_checkpoint_is_scored(command: Command, data: str) -> None:
    done = command("evaluate", f"ckpt_path={CHECKPOINT}", data, "panels=0")
    assert done.code == 0, done.err
    with (FINISHED / "results.csv").open() as before, (done.folder / "results.csv").open() as after:
        for old, new in zip(csv.DictReader(before), csv.DictReader(after), strict=True):
            assert new["protocol"] == old["protocol"]
            assert float(new["psnr"]) == pytest.approx(float(old["psnr"]), abs=1e-3)


def test_its_run_is_continued(command: Command, data: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(FINISHED, folder)
    typed = yaml.safe_load((folder / "overrides.yaml").read_text())
    kept = [each for each in typed if not each.startswith(("data.root", "trainer.max_epochs"))]
    done = command("train", *kept, data, "data.held_out=0", "trainer.max_epochs=3",
                   "+data.val.test=[test]", f"ckpt_path={folder}")  # fmt: skip
    assert done.code == 0, done.err
    assert f"continues {folder}/checkpoints/last.ckpt" in done.out
    assert "trainer.max_epochs 2 -> 3" in done.out
    run = read_run(folder)
    assert run.state == "finished"
    assert run.curves["val/psnr"].step.tolist() == [2, 4, 6]
    before = read_run(FINISHED).curves["val/psnr"].value
    assert run.curves["val/psnr"].value[:2].tolist() == before.tolist()


def test_its_runs_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sr_experiments.cli import app

    monkeypatch.setattr("sys.argv", ["report.py", f"runs=[{FOLDER}]", f"out={tmp_path}/out"])
    app.report()
    text = (tmp_path / "out" / "report.md").read_text()
    assert "1 of 2 runs diverged" in text
    assert "11.12" in text


def test_renamed_classes_are_found(
    command: Command,
    data: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(former_names.TARGETS, "somewhere.networks", "sr_experiments.models")
    monkeypatch.setitem(former_names.TARGETS, "somewhere.mean_squares", "torch.nn.MSELoss")
    loss = ["~loss", "+loss={_target_: somewhere.mean_squares}"]
    done = command("train", "model=vdsr", "model.depth=3", "model.channels=2", "patches.size=24",
                   "model._target_=somewhere.networks.VDSR", *loss, "data=folder", data,
                   "trainer.max_epochs=1", "data.steps_per_epoch=1", "data.batch_size=2",
                   "data.held_out=1", "panels=0")  # fmt: skip
    assert done.code == 0, done.err
    config = read_checkpoint(done.folder / "checkpoints" / "last.ckpt")["config"]
    assert config["model"]["_target_"] == "sr_experiments.models.VDSR"
    recorded = yaml.safe_load((done.folder / "config.yaml").read_text())
    assert recorded["loss"]["_target_"] == "torch.nn.MSELoss"
    assert json.loads((done.folder / "status.json").read_text())["state"] == "finished"


def test_renamed_names_in_records_are_todays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(former_names.KEYS, "image_count", "log_images")
    monkeypatch.setitem(former_names.TARGETS, "former", "sr_experiments")
    record = {"image_count": 2, "model": {"_target_": "former.models.VDSR"}, "a": [1, {"b": 2}]}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(record))
    model = {"_target_": "sr_experiments.models.VDSR"}
    assert read_run(tmp_path).config == {"log_images": 2, "model": model, "a": [1, {"b": 2}]}


def test_its_studies_are_of_variants(tmp_path: Path) -> None:
    run, sweep = tmp_path / "0", "job,seed,study.arm,state,test/psnr,minutes,attempts,error\n"
    run.mkdir()
    study = {"name": "vdsr_residual", "size": "mini", "arm": "plain_1e-1"}
    (run / "config.yaml").write_text(yaml.safe_dump({"study": study, "model": {}}))
    (run / "overrides.yaml").write_text("[study=vdsr_residual, study.arm=plain_1e-1, seed=0]")
    (tmp_path / "sweep.csv").write_text(
        f"{sweep}0,0,plain_1e-1,running,,0,1,\n1,1,plain_1e-1,waiting,,0,0,\n"
    )
    first, waiting = read_runs([tmp_path])
    assert first.study["variant"] == waiting.study["variant"] == "plain_1e-1"
    assert "study.variant=plain_1e-1" in first.overrides
    assert waiting.overrides == ["seed=1", "study.variant=plain_1e-1"]

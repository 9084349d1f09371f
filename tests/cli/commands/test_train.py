import csv
import json
import math
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import yaml

from sr_experiments.cli.commands.train import warm_start
from sr_experiments.imaging import load_image
from sr_experiments.models import EDSR
from tests.cli.conftest import TINY, Command
from tests.commands import Command as Process


def metrics_of(result) -> dict[str, float]:
    return result.status["metrics"]


def results_of(folder: Path, name: str = "results.csv") -> list[dict[str, str]]:
    """The rows of a file of scores without the times."""
    with (folder / name).open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def rows_of(folder: Path) -> list[dict[str, str]]:
    """The rows of metrics.csv without the times."""
    with (folder / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    timed = ("seconds", "data_wait")
    return [{k: v for k, v in row.items() if v and not k.endswith(timed)} for row in rows]


def test_a_run_leaves_a_self_contained_folder(command: Command, images: list[str]):
    result = command("train", *images, *TINY, "tags=[a,b]")
    assert result.code == 0, result.err
    folder = result.folder
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert config["model"]["depth"] == 3
    assert config["tags"] == ["a", "b"]
    assert "model.depth=3" in yaml.safe_load((folder / "overrides.yaml").read_text())
    environment = json.loads((folder / "environment.json").read_text())
    assert environment["packages"]["torch"] in torch.__version__
    assert result.status["state"] == "finished"
    assert result.status["error"] is None
    assert load_image(folder / "images" / "panel.png").shape[0] == 3
    with (folder / "metrics.csv").open() as file:
        columns = next(csv.reader(file))
    assert {"train/loss", "train/clipped", "train/lr", "val/held_out_x2/psnr_y"} <= set(columns)
    assert result.status["metrics"]["test/test_x2/seconds"] > 0
    assert not [c for c in columns if c.startswith("val/") and c.endswith("seconds")]
    with (folder / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["scale"] for row in rows] == ["2", "3", "4"]
    assert all(row["images"] == "5" for row in rows)
    for word in ("bicubic PSNR", "VDSR PSNR", "gain dB", str(folder)):
        assert word in result.out
    for name in ("best.ckpt", "last.ckpt"):
        loaded = torch.load(folder / "checkpoints" / name, weights_only=True)
        assert loaded["config"] == config
        assert not any("_orig_mod." in key for key in loaded["state_dict"])


def test_a_run_says_when_it_was_chosen_on_what_it_is_tested_on(command: Command, images: list[str]):
    clean = command("train", *images, *TINY)
    assert "2 training images, 1 held out for validation" in clean.out
    assert "scored during training too" not in clean.out
    assert metrics_of(clean)["test/seen_in_validation"] == 0
    watched = ["+data.val.watched=[test/0.png,test/1.png]", "data.held_out=0"]
    looked = command("train", *images, *TINY, *watched, run="looked")
    assert "2 of the 5 test images were scored during training too" in looked.out
    assert metrics_of(looked)["test/seen_in_validation"] == 2
    blind = command("train", *images, *TINY, "data.held_out=0", run="blind")
    assert blind.code == 2
    assert "data.val: there is nothing to score" in blind.err


def test_evaluate_gives_the_number_of_the_end_of_training(command: Command, images: list[str]):
    trained = command("train", *images, *TINY)
    again = command(
        "evaluate",
        *images,
        f"ckpt_path={trained.folder}/checkpoints/last.ckpt",
        "log_images=0",
        run="evaluated",
    )
    assert again.code == 0, again.err
    for name, value in metrics_of(again).items():
        if name.endswith("/seconds"):  # a time never repeats
            assert value > 0
            continue
        assert metrics_of(trained)[name] == pytest.approx(value, abs=1e-6)
    assert results_of(trained.folder) == results_of(again.folder)


def test_overfitting_is_scored_on_whole_sets(command: Command, images: list[str]):
    result = command("train", *images, "debug=overfit", *TINY, "log_images=0")
    assert result.code == 0, result.err
    assert {row["step"] for row in rows_of(result.folder)} == {"0", "1", "2", "3", "4"}
    assert math.isfinite(metrics_of(result)["val/psnr"])  # no set is left out


def test_the_same_seed_repeats_and_another_does_not(command: Command, images: list[str]):
    runs = [command("train", *images, *TINY, f"seed={s}", run=str(i)) for i, s in enumerate("001")]
    first, second, other = (metrics_of(r)["test/psnr"] for r in runs)
    assert first == second != other


def test_resuming_equals_running_through(command: Command, images: list[str]):
    through = command("train", *images, *TINY, "trainer.max_epochs=4", run="through")
    half = command("train", *images, *TINY, run="half")
    resumed = command(
        "train",
        *images,
        *TINY,
        "trainer.max_epochs=4",
        f"ckpt_path={half.folder}/checkpoints/last.ckpt",
        run="resumed",
    )
    assert resumed.code == 0, resumed.err
    assert metrics_of(resumed)["test/psnr"] == metrics_of(through)["test/psnr"]
    assert "changed since: trainer.max_epochs 2 -> 4\n" in resumed.out
    # In another folder it takes the earlier rows along.
    rows, expected = rows_of(resumed.folder), rows_of(through.folder)
    assert len(rows) > len(rows_of(half.folder))
    assert rows == expected


def test_another_architectures_checkpoint_is_refused(command: Command, images: list[str]):
    half = command("train", *images, *TINY)
    checkpoint = f"ckpt_path={half.folder}/checkpoints/last.ckpt"
    for overrides in (["model.depth=4"], ["model.channels=5"]):
        result = command("train", *images, *TINY, *overrides, checkpoint, run="other")
        assert result.code == 2
        assert re.search(r"last\.ckpt: holds VDSR with .*'depth': 3", result.err)
    broken = half.folder / "broken.ckpt"
    broken.write_bytes(b"PK\x03\x04 no checkpoint")
    for name, message in (
        ("broken.ckpt", "is cut off or damaged"),
        ("config.yaml", "is text, no weights"),
    ):
        result = command("evaluate", *images, f"ckpt_path={half.folder / name}", run="evaluate")
        assert result.code == 2
        assert re.search(message, result.err)


def test_what_starts_at_random_beside_other_weights_is_named(tmp_path: Path, capsys):
    x2, x3 = (EDSR((scale,), blocks=1, channels=4) for scale in (2, 3))
    torch.save(x2.state_dict(), tmp_path / "x2.pth")
    own = x3.upsample[0].weight.clone()
    config = {"init_from": str(tmp_path / "x2.pth")}
    warm_start(config, SimpleNamespace(network=x3))
    assert (
        "init_from: upsample.0.weight, upsample.0.bias start at random" in capsys.readouterr().out
    )
    assert torch.equal(x3.head.weight, x2.head.weight)
    assert torch.equal(x3.upsample[0].weight, own)
    warm_start(config, SimpleNamespace(network=EDSR((2,), blocks=1, channels=4)))
    assert not capsys.readouterr().out


def test_a_checkpoint_cannot_name_code_to_run(command: Command, images: list[str], tmp_path: Path):
    evil = tmp_path / "evil.ckpt"
    for model in (
        {"_target_": "builtins.print", "text": "owned"},
        {"_target_": "sr_experiments.models.__main__.Console"},
        {
            "_target_": "sr_experiments.models.VDSR",
            "deconv": {"_target_": "builtins.print", "_args_": ["owned"]},
        },
    ):
        torch.save({"config": {"model": model}, "state_dict": {}}, evil)
        result = command("evaluate", *images, f"ckpt_path={evil}")
        assert result.code == 2
        assert re.match(r"error: \S*evil.ckpt: (its network is|model.deconv is no)", result.err)
        assert "owned" not in result.out


def test_evaluate_wants_exactly_one_file(command: Command, images: list[str]):
    assert "give one of ckpt_path" in command("evaluate", *images).err


def test_a_public_vdsr_scores_as_published(command: Command, shared_data, shared_checkpoints):
    result = command(
        "evaluate",
        f"weights={shared_checkpoints}/pytorch_vdsr.pth",
        "model.bias=false",
        "data=t91",
        f"data.root={shared_data}",
        "~data.test.set14",
        "model.scales=[3]",
        "protocol=double",
        "log_images=0",
    )
    assert result.code == 0, result.err
    assert metrics_of(result)["test/set5_x3/psnr_y"] == pytest.approx(33.773, abs=0.01)


@pytest.mark.slow
def test_two_processes_score_and_stay_together(command: Command, images: list[str], tmp_path: Path):
    trained = command("train", *images, *TINY)
    checkpoint = f"ckpt_path={trained.folder}/checkpoints/last.ckpt"
    folder = tmp_path / "ddp"
    typed = [*images, checkpoint, "device=ddp_cpu", "log_images=1", f"hydra.run.dir={folder}"]
    done = Process("evaluate", typed, tmp_path, {"OMP_NUM_THREADS": "1"})
    assert done.wait() == 0, done.printed
    assert "2 processes" in done.printed
    for name, lines in (("results.csv", 3), ("per_image.csv", 3 * 5)):
        one, two = (results_of(f, name) for f in (trained.folder, folder))
        assert len(one) == len(two) == lines
        for ours, theirs in zip(one, two, strict=True):
            assert list(ours) == list(theirs)
            for column, value in ours.items():
                if column in ("benchmark", "image", "protocol", "degradation", "low_resolution"):
                    assert theirs[column] == value
                else:
                    assert float(theirs[column]) == pytest.approx(float(value), abs=1e-9)
    assert json.loads((folder / "status.json").read_text())["state"] == "finished"


def test_loggers_side_by_side(command: Command, images: list[str]):
    result = command("train", *images, *TINY, "logger=[wandb,tensorboard]", "log_images=0")
    assert result.code == 0, result.err
    assert list(result.folder.glob("wandb/offline-run-*"))
    assert list(result.folder.glob("tensorboard/events.*"))
    assert (result.folder / "metrics.csv").is_file()


def test_online_logging_without_a_key_is_refused(
    command: Command, images: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    result = command("train", *images, "logger=wandb", "logger.wandb.offline=false")
    assert result.code == 2
    assert "WANDB_API_KEY" in result.err

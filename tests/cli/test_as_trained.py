"""A checkpoint is scored as it was trained, and what is not so is said."""

import csv
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from sr_experiments.cli.as_trained import as_trained, typed_keys, without_effect
from sr_experiments.cli.side_by_side import check_alike
from sr_experiments.errors import CheckpointError, ConfigError
from tests.cli.conftest import TINY, Command, Result
from tests.cli.offline import offline_runs

SHORT = [
    "trainer.max_epochs=1",
    "trainer.max_steps=-1",
    "trainer.check_val_every_n_epoch=1",
    "data.batch_size=2",
    "data.steps_per_epoch=2",
    "log_images=0",
]
EDSR = ["model=edsr", "model.blocks=1", "model.channels=4", "patches.size=12"]
REDNET = [
    "model=rednet",
    "model.depth=4",
    "model.skip_interval=1",
    "model.channels=4",
    "patches.size=20",
]
RUNS = {
    "rgb protocol": [*EDSR, "protocol.channel=rgb"],
    "noise": [*REDNET, "model.scales=[2]", "degradation=bicubic_noise"],
    "denoiser": [*REDNET, "model.scales=[1]", "degradation=noise", "protocol=denoise"],
}


def table_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def last(run: Result) -> str:
    return f"ckpt_path={run.folder}/checkpoints/last.ckpt"


@pytest.mark.parametrize("kind", RUNS)
def test_the_table_is_that_of_training(command: Command, images: list[str], kind: str):
    trained = command("train", *images, *RUNS[kind], *SHORT)
    assert trained.code == 0, trained.err
    baseline = "the noisy input" if kind == "denoiser" else "bicubic"
    assert f" over {baseline})" in trained.out
    again = command("evaluate", last(trained), "log_images=0", run="again")
    assert again.code == 0, again.err
    assert "as typed" not in again.out
    assert table_of(again.folder) == table_of(trained.folder)
    assert "train/" not in (again.folder / "metrics.csv").read_text()
    protocol = [line for line in trained.out.splitlines() if "PSNR and SSIM on" in line]
    assert protocol[0] in again.out
    compared = command("evaluate", f"runs=[{trained.folder}]", "log_images=0", run="compared")
    assert compared.code == 0, compared.err
    with (compared.folder / "comparison.csv").open() as file:
        rows = [float(r["psnr"]) for r in csv.DictReader(file) if r["method"] == "run"]
    assert rows == [float(row["psnr"]) for row in table_of(trained.folder)]


def test_what_is_typed_wins_and_is_said(command: Command, images: list[str]):
    trained = command("train", *images, *TINY, "log_images=0")
    result = command(
        "evaluate", last(trained), "protocol=rgb8", "degradation.sigma=5", "model.scales=[3]",
        "optim.lr=1", "log_images=0", run="scored",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert "model.scales=[3] as typed; in training [2,3,4]" in result.out
    assert "degradation.sigma=5 as typed; in training sigma=0.0" in result.out
    assert "protocol.source=rgb protocol.lr_uint8=true as typed; in training" in result.out
    assert "optim.lr=1: without effect on scores" in result.out
    rows = table_of(result.folder)
    assert [(row["scale"], row["protocol"]) for row in rows] == [("3", "rgb8")]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["model.depth=4"], "model.depth: 4 contradicts"),
        (["model=edsr"], r"model: EDSR contradicts .*last\.ckpt, which holds VDSR"),
    ],
)
def test_what_contradicts_the_network_is_refused(typed: list[str], message: str):
    config = OmegaConf.create(
        {
            "model": {"_target_": "sr_experiments.models.EDSR", "depth": 4, "scales": [2]},
            "degradation": {"_target_": "d"},
            "protocol": {},
            "data": {},
        }
    )
    stored = {"model": {"_target_": "sr_experiments.models.VDSR", "depth": 3, "scales": [2]}}
    with pytest.raises(ConfigError, match=message):
        as_trained(config, stored, typed, "last.ckpt")


@pytest.mark.parametrize(
    "node",
    [
        {"shave": {"_target_": "os.system", "command": "true"}},
        {"shave": [{"_target_": "os.system"}]},
        {"shave": "${oc.env:HOME}"},
        {"degradation": {"sigma": {"_target_": "os.system"}}},
    ],
)
def test_a_stored_protocol_cannot_name_code(node: dict):
    network = {"_target_": "sr_experiments.models.VDSR", "scales": [2]}
    config = OmegaConf.create(
        {"model": network, "degradation": {"_target_": "d"}, "protocol": {"shave": 1}, "data": {}}
    )
    with pytest.raises(CheckpointError, match="is no plain value"):
        as_trained(config, {"model": network, "protocol": node}, [], "last.ckpt")


@pytest.mark.parametrize(
    "typed",
    [
        ["trainer.max_epochs=3", "+trainer.gradient_clip_val=1", "trainer=edsr"],
        ["data.batch_size=2", "data.steps_per_epoch=3", "data.held_out=1", "data.train=[a]"],
        ["device.effective_batch=4", "optim=adam", "init_from=x"],
    ],
)
def test_what_only_trains_is_said_to_be_without_effect(typed: list[str]):
    used = ["data.root=a", "data.test.b=[c]", "trainer.precision=64", "device=cpu", "data.cache=d"]
    line = f"{' '.join(typed)}: without effect on scores"
    assert without_effect([*typed, *used]) == [line]
    assert without_effect(used) == []


@pytest.mark.parametrize("weights", ["ckpt_path", "weights"])
def test_what_is_without_effect_is_printed(command: Command, images: list[str], weights: str):
    trained = command("train", *images, *TINY, "log_images=0")
    given = f"{weights}={trained.folder}/checkpoints/last.ckpt"
    network = TINY[:2] if weights == "weights" else []
    idle = ["trainer.max_epochs=9", "data.batch_size=3"]
    scored = command("evaluate", given, *images, *network, *idle, "log_images=0", run="scored")
    assert scored.code == 0, scored.err
    assert f"{' '.join(idle)}: without effect on scores" in scored.out


def test_low_resolution_files_of_one_run_alone_are_not_taken_for_all():
    node = {"model": {"scales": [2]}, "protocol": {}, "data": {"root": "a", "test": {"b": ["c"]}}}
    one, two = deepcopy(node), deepcopy(node)
    check_alike("one", one, "two", two)
    two["data"]["low_resolution"] = {2: ["d"]}
    message = r"data\.low_resolution.*=None and .*; choose for all: data\.low_resolution=\.\.\."
    with pytest.raises(ConfigError, match=message):
        check_alike("one", one, "two", two)
    one["data"]["low_resolution"] = {2: ["d"]}
    check_alike("one", one, "two", two)


def test_scales_that_a_checkpoint_does_not_hold_are_named(command: Command, images: list[str]):
    trained = command("train", *images, *EDSR, *SHORT, "model.scales=[2]")
    assert trained.code == 0, trained.err
    runs = f"runs=[{trained.folder}]"
    for name, given in (("one", last(trained)), ("several", runs)):
        refused = command("evaluate", given, "model.scales=[3]", "log_images=0", run=name)
        assert refused.code == 2
        assert "model.scales: [3] does not fit" in refused.err
        assert "last.ckpt, which holds EDSR for [2]" in refused.err
        assert refused.err.count("\n") == 1


def test_keys_of_overrides():
    overrides = ["+data.test.mine=[a=b]", "~protocol.shave", "model=edsr", "data/patches@x=grid41"]
    assert typed_keys(overrides) == ["data.test.mine", "protocol.shave", "model", "data.patches"]


def test_runs_that_are_scored_differently_are_not_put_side_by_side(
    command: Command, images: list[str]
):
    tiny = [*TINY, "log_images=0", "model.scales=[2]"]
    one = command("train", *images, *tiny, run="one")
    two = command("train", *images, *tiny, "protocol=double", run="two")
    runs = f"runs=[{one.folder},{two.folder}]"
    refused = command("evaluate", runs, "log_images=0", run="refused")
    assert refused.code == 2
    assert "protocol.name=vdsr and double; choose for all: protocol=..." in refused.err
    taken = command("evaluate", runs, "protocol=vdsr", "log_images=1", run="taken")
    assert taken.code == 0, taken.err
    assert "protocol.name=vdsr" in taken.out
    assert (taken.folder / "images" / "comparison.png").is_file()


def test_runs_side_by_side_are_logged(command: Command, images: list[str]):
    tiny = [*TINY, "log_images=0", "model.scales=[2]"]
    one = command("train", *images, *tiny, run="one")
    two = command("train", *images, *tiny, "seed=1", run="two")
    runs = f"runs=[{one.folder},{two.folder}]"
    result = command("evaluate", runs, "logger=[wandb,tensorboard]", "log_images=1", run="both")
    assert result.code == 0, result.err
    expected = {
        f"seed {i}/psnr": run.status["metrics"]["test/psnr"] for i, run in ((0, one), (1, two))
    }
    metrics = result.status["metrics"]
    assert {name: metrics[name] for name in expected} == pytest.approx(expected)
    assert metrics["test/psnr"] == max(metrics[name] for name in expected)
    (logged,) = offline_runs(result.folder)
    assert logged.summary["state"] == "finished"
    for name, value in expected.items():
        assert [v for _, v in logged.curve(name)] == pytest.approx([value])
    assert len(logged.curve("test/psnr")) == 1
    assert len(logged.curve("comparison.filenames")) == 1
    assert list(result.folder.glob("tensorboard/**/events*"))
    with (result.folder / "metrics.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert float(row["test/psnr"]) == pytest.approx(metrics["test/psnr"])
    with (result.folder / "per_image.csv").open() as file:
        methods = [row["method"] for row in csv.DictReader(file)]
    assert methods == ["seed 0"] * 5 + ["seed 1"] * 5


@pytest.mark.parametrize("given", [["weights=bicubic", "runs=[a]"], [], ["ckpt_path=a", "runs=a"]])
def test_it_must_be_clear_what_is_scored(command: Command, given: list[str]):
    refused = command("evaluate", *given)
    assert refused.code == 2
    assert refused.err.startswith("error: give one of ckpt_path=")


def test_runs_side_by_side_respect_the_device(command: Command, images: list[str]):
    trained = command("train", *images, *TINY, "log_images=0")
    wanted = "tpu" if torch.cuda.is_available() else "cuda"
    result = command("evaluate", f"runs=[{trained.folder}]", f"device.accelerator={wanted}")
    assert result.code == 2
    assert wanted.upper() in result.err.upper()


def test_scoring_needs_the_test_images_alone(command: Command, images: list[str], make_images):
    trained = command("train", *images, *TINY, "log_images=0")
    root = make_images("elsewhere/test", 2, 48, 50).parent
    other = ["data=folder", f"data.root={root}", "log_images=1"]
    scored = command("evaluate", last(trained), *other, run="scored")
    assert scored.code == 0, scored.err
    assert "training images" not in scored.out
    alone = command("evaluate", *other, "weights=bicubic", "model.scales=2", run="alone")
    assert alone.code == 0, alone.err
    (row,) = table_of(alone.folder)
    assert row["psnr"] == row["bicubic_psnr"] == table_of(scored.folder)[0]["bicubic_psnr"]
    assert "gain" not in alone.out
    assert "bicubic PSNR" in alone.out


def test_training_needs_training_images(command: Command, images: list[str]):
    assert "data.train: names no images" in command("train", *images, "data.train=[]").err


def test_a_run_folder_stands_for_its_newest_checkpoint(command: Command, images: list[str]):
    trained = command("train", *images, *TINY, "log_images=0")
    scored = command("evaluate", f"ckpt_path={trained.folder}", "log_images=0", run="scored")
    assert scored.code == 0, scored.err
    assert table_of(scored.folder) == table_of(trained.folder)
    started = command(
        "train", *images, *TINY, f"init_from={trained.folder}", "log_images=0", run="new"
    )
    assert started.code == 0, started.err

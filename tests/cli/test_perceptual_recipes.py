"""Recipes with perceptual and adversarial losses, and the comparison of their runs."""

import csv
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from PIL import Image

from sr_experiments.cli.build import build_module
from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.config.instantiate import resolve_config
from sr_experiments.cli.devices import BatchPlan
from sr_experiments.cli.side_by_side import labels
from sr_experiments.models import SRResNet
from sr_experiments.training.ganmodule import GANModule
from sr_experiments.training.module import RestorationModule
from tests.commands import Command
from tests.runs.folders import make_run

BACKBONES = ["vgg16", "vgg16_bn", "resnet152", "densenet201", "resnext101_32x8d"]
BACKBONES += ["wide_resnet101_2", "inception_v3"]


def composed(*overrides: str, name: str = "train") -> DictConfig:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose(name, [*overrides, "run_dir=unused"])


def run(name: str, folder: Path, *overrides: str) -> tuple[int, str]:
    command = Command(name, overrides, folder, {"OMP_NUM_THREADS": "1"})
    return command.wait(), command.printed


@pytest.mark.parametrize(
    ("experiment", "gan"),
    [
        ("srresnet_paper", False),
        ("srresnet_mini", False),
        ("srresnet_vgg22", False),
        ("srgan_paper", True),
        ("srgan_mini", True),
        ("srgan_blog", True),
        ("srgan_mse", True),
        ("srgan_backbones", True),
    ],
)
def test_recipes_build(experiment: str, gan: bool) -> None:
    config = composed(f"experiment={experiment}")
    if "content" in config.loss and "backbone" in config.loss.content:
        # Random features of a small network stand in for half a gigabyte of download.
        replaced = {"backbone": "squeezenet1_0", "layer": None, "weights": None}
        config.loss.content.update(replaced)
    network = SRResNet((4,), blocks=1, channels=4)
    module = build_module(resolve_config(config), network, {}, BatchPlan(2))
    assert type(module) is (GANModule if gan else RestorationModule)
    if gan:
        parts = {"content", "adversarial"} | (
            {"pixel", "variation"} if "blog" in experiment else set()
        )
        assert set(config.loss.weights) == parts


@pytest.mark.parametrize("backbone", BACKBONES)
def test_the_sweep_over_backbones_composes(backbone: str) -> None:
    config = composed("experiment=srgan_backbones", f"loss.content.backbone={backbone}")
    assert config.loss.content.backbone == backbone
    resolve_config(config)


@pytest.mark.parametrize("loss", ["mse", "l1", "charbonnier", "perceptual", "vgg22", "srgan"])
@pytest.mark.parametrize("model", ["vdsr", "srcnn", "srresnet"])
def test_any_architecture_takes_any_loss(model: str, loss: str) -> None:
    resolve_config(composed(f"model={model}", f"loss={loss}"))


def test_paper_numbers() -> None:
    config = composed("experiment=srgan_paper")
    assert config.loss.content.backbone == "vgg19"
    assert config.loss.content.rescale == pytest.approx(1 / 12.75)
    assert config.loss.weights == {"content": 1.0, "adversarial": 0.001}
    assert config.loss.discriminator.input_size == config.patches.size * 4 == 96
    assert (config.optim.lr, config.trainer.max_steps) == (1e-4, 200_000)


def test_labels_are_what_differs(tmp_path: Path) -> None:
    runs = [
        make_run(tmp_path / str(i), lr=lr, seed=seed)
        for i, (lr, seed) in enumerate(((0.1, 0), (0.01, 0), (0.01, 1)))
    ]
    assert labels(runs[:2]) == ["lr=0.1", "lr=0.01"]
    assert labels(runs) == ["lr=0.1", "lr=0.01 seed 0", "lr=0.01 seed 1"]
    assert labels(runs[1:]) == ["seed 0", "seed 1"]
    assert labels(runs[:1]) == ["0"]
    twins = [make_run(tmp_path / f"again_{i}" / "0", lr=0.1) for i in range(2)]
    assert labels([runs[0], *twins]) == ["seed 0 (0)", "seed 0 (0) #2", "seed 0 (0) #3"]


@pytest.mark.slow
def test_a_gan_trains_and_is_compared(tmp_path: Path) -> None:
    tiny = ["model.blocks=1", "model.channels=4", "data.batch_size=2", "data.steps_per_epoch=2"]
    short = [
        "trainer.max_epochs=1",
        "trainer.check_val_every_n_epoch=1",
        "log_images=0",
        "device=cpu",
    ]
    loss = ["loss=srgan_mse", "loss.discriminator.channels=4"]
    tiny += ["data=demo"]
    typed = ["experiment=srresnet_mini", *tiny, *short, *loss, f"run_dir={tmp_path}/1"]
    status, printed = run("train", tmp_path, *typed)
    assert status == 0, printed
    assert "the generator starts cold" in printed
    checkpoint = torch.load(tmp_path / "1" / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 2
    assert len(checkpoint["optimizer_states"]) == 2
    status, printed = run(
        "evaluate",
        tmp_path,
        f"runs=[{tmp_path}]",
        "log_images=1",
        f"run_dir={tmp_path}/out",
        "metrics=[features]",
        "metrics.features.function.backbone=squeezenet1_0",
        "metrics.features.function.weights=null",
    )
    assert status == 0, printed
    with (tmp_path / "out" / "comparison.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["method"] for line in lines] == ["bicubic", "1"]
    assert float(lines[0]["features"]) > 0
    with Image.open(tmp_path / "out" / "images" / "comparison.png") as picture:
        assert picture.width == 4 * 288 + 5 * 8


@pytest.mark.slow
def test_mistakes_are_one_line(tmp_path: Path) -> None:
    status, printed = run("evaluate", tmp_path, f"runs=[{tmp_path}]", f"run_dir={tmp_path}/out")
    assert status == 2
    assert printed.startswith(f"error: runs: no checkpoints/last.ckpt in {tmp_path}")
    typed = ["loss=perceptual", "loss.backbone=vgg61", f"run_dir={tmp_path}/out"]
    status, printed = run("train", tmp_path, *typed)
    assert status == 2
    assert printed.startswith("error: loss.backbone must be one of vgg16, vgg16_bn")

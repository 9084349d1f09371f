"""Every file in conf/study: it composes, builds, and one job of it runs."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from PIL import Image

from sr_experiments.cli.build import build_data, build_module, build_network, build_scorers
from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.config.instantiate import resolve_config
from sr_experiments.cli.devices import plan_batches
from sr_experiments.losses.perceptual_backbones import BACKBONES
from sr_experiments.studies.study import Study, read_study, study_jobs
from tests.conftest import smooth_image

ROOT = Path(__file__).parents[2]
NAMES = sorted(p.stem for p in (conf_dir() / "study").glob("*.yaml") if p.stem != "base")
every_study = pytest.mark.parametrize("name", NAMES)
every_size = pytest.mark.parametrize("size", ["tiny", "paper"])
FOLDERS = ["T91", "BSD200", "BSD100", "BSD500_test", "Set5", "Set14", "B100", "Urban100", "Set12"]
DIV2K = ["DIV2K_train_HR", "DIV2K_valid_HR"]


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All sets that studies look for, with two small images each."""
    folder = tmp_path_factory.mktemp("sets")
    for i, name in enumerate([*FOLDERS, *DIV2K]):
        (folder / name).mkdir()
        for j, file in enumerate(["0801", "0810"] if name in DIV2K else ["01", "02"]):
            Image.fromarray(smooth_image(64, 72, 2 * i + j)).save(folder / name / f"{file}.png")
    return folder


@contextmanager
def configurations() -> Iterator[None]:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        yield


def chosen(name: str, size: str, root: Path, *typed: str) -> tuple[Study, list[list[str]]]:
    """The study and its jobs with the first seed."""
    overrides = [f"study={name}", f"study.size={size}", f"data.root={root}", *typed]
    with configurations():
        config = compose("train", overrides)
    study = read_study(config.study)
    planned = study_jobs(config, [overrides])
    assert len(planned) == len(study.variants) * len(study.seeds)
    return study, planned[: len(study.variants)]


def lighten(loss: DictConfig) -> None:
    """Random features of a small network stand in for downloads."""
    for node in (loss, loss.get("content")):
        if node is not None and "backbone" in node:
            assert node.backbone in BACKBONES
            node.update({"backbone": "squeezenet1_0", "layer": None, "weights": None})


@every_study
@every_size
def test_every_arm_builds(name: str, size: str, root: Path, tmp_path: Path):
    study, planned = chosen(name, size, root)
    assert study.name == name
    metrics = {"val/psnr"}
    for variant, job in zip(study.variants, planned, strict=True):
        with configurations():
            config = compose("train", [*job, f"run_dir={tmp_path}"])
        lighten(config.loss)
        content = resolve_config(config)
        assert content["study"] == {"name": name, "size": size, "variant": variant}
        with torch.device("meta"):  # full size costs nothing there
            network, plan = build_network(content), plan_batches(content)
            data = build_data(content, network, plan)
            scorers = build_scorers(content, data, network)
            build_module(content, network, scorers, plan)
        metrics |= {
            f"{stage}/{images.name}_x{scale:g}/{measure}"
            for stage, sets in data.benchmarks.items()
            for images in sets
            for scale in data.scales
            for measure in ("psnr_y", "ssim_y", "seconds")
        }
    assert study.metric in metrics
    wanted = {heading for heading, column in study.columns.items() if column.metric not in metrics}
    if size == "paper":  # what our protocols do not give is only shown as published
        assert all(heading.endswith("RGB") for heading in wanted)
    assert len(wanted) < len(study.columns)


# What is left of a study when it has to run in a second.
TINY = [
    "trainer.max_epochs=1",
    "trainer.check_val_every_n_epoch=1",
    "data.steps_per_epoch=2",
    "data.batch_size=2",
    "patches.size=12",
    "log_images=0",
]
SMALLER = {
    "vdsr_depth": ["model.channels=4"],
    "vdsr_clipping": ["model.depth=3", "model.channels=4"],
    "srcnn_depth": ["model.channels=4"],
    "deconv_edsr": ["model.blocks=1", "model.channels=4"],
    "deconv_norm": ["model.blocks=1", "model.channels=8"],
    "deconv_residual": ["model.depth=3", "model.channels=4"],
    "rednet_blind": ["model.depth=6", "model.channels=4"],
    "rednet_ensemble": ["model.depth=6", "model.channels=4"],
    "rednet_noise": ["model.channels=4"],
    "srgan_backbones": ["loss.content.backbone=squeezenet1_0", "loss.discriminator.channels=4"],
}
LAST = {"rednet_ensemble", "deconv_residual", "deconv_edsr", "vdsr_sota"}


@every_study
def test_a_job_runs(name: str, root: Path, command):
    extra = [*TINY, *SMALLER.get(name, [])]
    if "srgan" in name:
        extra.remove("patches.size=12")
        extra.append("patches.size=8")
    study, planned = chosen(name, "tiny", root, *extra)
    index = -1 if name in LAST else 0
    result = command("train", *planned[index])
    assert result.code == 0, result.err
    assert result.status["state"] == "finished"
    recorded = yaml.safe_load((result.folder / "config.yaml").read_text())
    assert recorded["study"] == {
        "name": name,
        "size": "tiny",
        "variant": list(study.variants)[index],
    }
    assert result.status["metrics"][study.metric] > 0


@every_study
def test_is_refused_without_a_sweep(name: str, command):
    result = command("train", f"study={name}")
    assert result.code == 2
    assert f"-m study={name}" in result.err


def test_the_command_line_resolves_a_study(root: Path):
    done = subprocess.run(
        [sys.executable, "train.py", "study=vdsr_scales", f"data.root={root}", "--cfg", "job"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(done.stdout)["study"]["name"] == "vdsr_scales"


@pytest.mark.slow
def test_further_seeds_extend_a_sweep_that_has_run(root: Path, tmp_path: Path):
    typed = [*TINY, *SMALLER["vdsr_depth"], f"data.root={root}", f"data.cache={tmp_path / 'cache'}"]
    typed += [f"study.variants.depth_{depth}=null" for depth in (10, 15, 20)]
    train = [sys.executable, str(ROOT / "train.py")]
    first = ["-m", "study=vdsr_depth", "study.seeds=[0]", "hydra.sweep.dir=sweep", *typed]
    statuses = []
    for arguments in (first, ["sweep.resume=sweep", "study.seeds=[0,1]"]):
        done = subprocess.run([*train, *arguments], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        statuses.append((tmp_path / "sweep/0/status.json").read_bytes())
    assert statuses[0] == statuses[1]  # was not run again
    seeds = [yaml.safe_load((tmp_path / f"sweep/{n}/config.yaml").read_text()) for n in (0, 1)]
    assert [config["seed"] for config in seeds] == [0, 1]
    assert len([*(tmp_path / "sweep").glob("*/status.json")]) == 2

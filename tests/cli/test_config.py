import re
import time
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from PIL import Image

from sr_experiments.cli.build import (
    build_data,
    build_loggers,
    build_module,
    build_network,
    build_scorers,
    build_trainer,
)
from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.config.instantiate import build, resolve_config
from sr_experiments.cli.devices import plan_batches
from tests.conftest import smooth_image

HIDDEN = {"base", "gan"}
OTHERS = ("hydra", "dataset", "metrics", "study", "to")
OPTIONS = sorted(
    f"{group}={path.relative_to(conf_dir() / group).with_suffix('')}"
    for path in conf_dir().glob("*/**/*.yaml")
    if (group := path.relative_to(conf_dir()).parts[0]) not in OTHERS and path.stem not in HIDDEN
)


def lay_out(data: DictConfig, root: Path) -> None:
    """Puts images wherever the configuration looks for some."""
    for entry in chain(data.train, *data.val.values(), *data.test.values()):
        path = root / entry.replace("[1-9]", "1")
        for file in [path] if path.suffix else [path / "0.png", path / "1.png"]:
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(smooth_image(64, 64)).save(file)


def randomise(loss: DictConfig) -> None:
    """Leaves out the pretrained weights, which would have to be fetched."""
    for key, node in loss.items():
        if key == "weights" and isinstance(node, str):
            loss.weights = None
        elif isinstance(node, DictConfig):
            randomise(node)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_composes_and_builds(option: str, tmp_path: Path):
    overrides = [option, f"run_dir={tmp_path}/run"]
    kinds = {"optim": "torch.optim.Rprop", "scheduler": "torch.optim.lr_scheduler.LinearLR"}
    if option.endswith("=any"):
        group = option.partition("=")[0]
        overrides.append(f"{group}.kind={kinds[group]}")
    if option.startswith("optim=srcnn"):
        overrides.append("model=srcnn")
    if not option.startswith(("data=demo", "experiment=vdsr_demo")):
        overrides.append(f"data.root={tmp_path}")
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("train", overrides)
    randomise(config.loss)
    lay_out(config.data, tmp_path)
    content = resolve_config(config)
    network, plan = build_network(content), plan_batches(content)
    data = build_data(content, network, plan)
    module = build_module(content, network, build_scorers(content, data, network), plan)
    assert module.network is network
    for name, node in content["callbacks"].items():
        build(f"callbacks.{name}", node)
    if option not in ("logger=mlflow", "logger=trackio"):  # not installed by make setup
        build_loggers(content)
    if option not in ("device=gpu", "device=ddp", "device=ddp_nodes", "device=mps"):
        build_trainer(content, module, plan)


def test_a_model_brings_its_recipe_and_it_can_be_overridden():
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        srcnn = compose("train", ["model=srcnn"])
        mixed = compose("train", ["model=srcnn", "optim=sgd", "optim.lr=0.5", "clipping=norm"])
        swept = compose("train", ["model=vdsr", "optim.lr=0.1"])
    assert srcnn.optim.kind == "torch.optim.Adam"
    assert srcnn.patches.size == 33
    assert srcnn.clipping._target_.endswith("NoClipping")
    assert mixed.optim.kind == "torch.optim.SGD"
    assert mixed.optim.lr == 0.5
    assert mixed.clipping._target_.endswith("NormClipping")
    assert mixed.patches.size == 33
    assert swept.optim.lr == 0.1
    assert swept.patches.size == 41


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["optim.lrr=0.1"], r"optim\.lrr: there is no such key; did you mean optim\.lr"),
        (["model.depht=3"], r"model\.depht.*model\.depth"),
        (["modle=vdsr"], r"modle.*did you mean model"),
        (["model=vdrs"], r"model=vdrs: there is no such option; did you mean vdsr"),
        (["experiment=vdsr_papr"], "did you mean vdsr_paper"),
        (["+foo=1"], "foo: there is no such key"),
        (["optim.lr=abc"], r"optim\.lr: .*number.*'abc'"),
        (["model.depth=3.5"], r"model\.depth: .*3\.5"),
        (["model.depth=1"], r"model\.depth: expected an integer of at least 2"),
        (["model.residual=3"], r"model\.residual: .*boolean"),
        (["optim.lr=-1"], r"optim\.lr: expected a number of at least 0"),
        (["clipping.theta=0"], r"clipping\.theta: expected a number above 0"),
        (["scheduler.step_size=0"], r"scheduler\.step_size must"),
        (["loss.reduction=sum"], r"loss\.reduction: .*half_sum"),
        (["trainer.max_epochs=abc"], r"trainer\.max_epochs: .*integer"),
        (["device.accelerator=warp"], r"device.*warp"),
        (["patches.stride=0"], r"patches\.stride: expected an integer of at least 1"),
        (["data.batch_size=0"], r"data\.batch_size: expected an integer of at least 1"),
        (["seed=-1"], "seed: must be"),
        (["data=folder"], r"data\.root: needs a value"),
        (["data.root=/nowhere"], "/nowhere: no such folder"),
        (["ckpt_path=/nowhere.ckpt"], r"/nowhere\.ckpt: no such file"),
        (["optim.lr_factors={conv9.weight:0.1}"], r"optim\.lr_factors.*conv9"),
        (["hydra.run.dir=/proc/nowhere/x"], "cannot write /proc/nowhere"),
        (["-m", "--cfg", "job"], "leave out -m"),
        (
            ["+callbacks.ema.decay=0.9"],
            r"callbacks\.ema: has no _target_.*leave it out with ~callb",
        ),
    ],
)
def test_mistakes_end_with_one_line(command, overrides: list[str], message: str):
    result = command("train", *overrides)
    assert result.code == 2
    lines = [line for line in result.err.splitlines() if line.startswith("error:")]
    assert len(lines) == 1
    assert re.search(message, lines[0])
    assert "Traceback" not in result.err
    assert not (result.folder / "checkpoints").exists()


def test_seed_zero_is_a_seed_and_the_default():
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        assert compose("train").seed == 0
        assert compose("train").data.seed == 0


def test_help_needs_no_torch(command):
    import subprocess
    import sys

    root = Path(__file__).parents[2]
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "train.py", "--help"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert time.monotonic() - started < 30
    assert "model: " in done.stdout
    assert not re.search(r"\| +torch$", done.stderr, re.MULTILINE)


def test_constraints_pin_every_dependency_without_addresses():
    root = Path(__file__).parents[2]
    pinned = {}
    for line in (root / "constraints.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        assert version, line
        assert "://" not in line
        pinned[name.lower().replace("_", "-")] = version
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    for requirement in project["dependencies"]:
        name = re.split(r"[<>=\[;]", requirement)[0].strip().lower()
        assert name in pinned

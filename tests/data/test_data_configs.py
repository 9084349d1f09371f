"""Every choice of data, degradation, patches and published set fits the code that it calls."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sr_experiments.cli.commands.prepare import _published
from sr_experiments.cli.config.check import to_plain
from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.config.instantiate import build, check_targets
from sr_experiments.imaging import Degradation


def options(group: str) -> list[str]:
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml") if path.stem != "base")


@pytest.mark.parametrize(
    "choice", [f"{g}={o}" for g in ("data", "degradation", "patches") for o in options(g)]
)
def test_choices_fit_their_targets(choice: str) -> None:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("train", overrides=[choice, "data.root=x"])
    for group in ("data", "degradation", "patches", "protocol"):
        check_targets(group, OmegaConf.to_container(config[group], resolve=True))
    assert isinstance(build("degradation", to_plain(config.degradation)), Degradation)
    assert build("patches", to_plain(config.patches)).size > 0


@pytest.mark.parametrize(
    ("scales", "trained"),
    [([], [2, 3]), (["model.scales=[2]"], [2, 2]), (["model.scales=4"], [4, 4])],
)
def test_the_first_command_of_the_readme_is_short(scales: list[str], trained: list[int]) -> None:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("train", overrides=["model=vdsr", "optim.lr=0.1", *scales])
        other = compose("train", overrides=["model=edsr"])
        typed = compose("train", overrides=["data.train_scales=null", "data.batch_size=3"])
    steps = config.trainer.max_epochs * config.data.steps_per_epoch
    assert steps * config.data.batch_size <= 1300  # 25 patches take a second on two idle cores
    assert config.data.train_scales == trained
    assert other.data.train_scales is None
    assert (typed.data.train_scales, typed.data.batch_size) == (None, 3)


@pytest.mark.parametrize("more", [[], ["data=t91"], ["experiment=vdsr_paper"]])
def test_vdsr_trains_for_the_steps_of_its_paper(more: list[str]) -> None:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("train", overrides=["data=sr291", *more])
    assert config.data.steps_per_epoch is None
    patches = build("patches", to_plain(config.patches))
    steps = config.trainer.max_epochs * patches.steps_per_epoch
    assert abs(steps - 9960) <= 40


@pytest.mark.parametrize("name", options("dataset"))
def test_published_sets_are_well_formed(name: str) -> None:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("prepare", overrides=[f"dataset={name}"])
    content = OmegaConf.to_container(config.dataset, resolve=True)
    published = _published(content, Degradation())
    assert published.name == name
    assert published.files
    assert all(file.url.startswith("http") for file in published.files)
    assert all(folder.images > 0 for folder in published.folders.values())


def test_prepared_folders_are_those_that_data_names() -> None:
    prepared = set()
    for name in options("dataset"):
        content = OmegaConf.load(Path(conf_dir()) / "dataset" / f"{name}.yaml")
        prepared |= set(content.folders)
    for name in options("data"):
        if name in ("demo", "folder", "imagenet_folder"):
            continue
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            data = compose("train", overrides=[f"data={name}"]).data
        entries = [
            *data.train,
            *(e for sets in (data.val, data.test) for s in sets.values() for e in s),
        ]
        assert {entry.split("/")[0] for entry in entries} <= prepared, name


@pytest.mark.parametrize("name", options("data"))
def test_nothing_is_chosen_on_test_images(name: str) -> None:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("train", overrides=[f"data={name}", "data.root=x"])
    assert config.sweep.metric == "val/psnr"
    if name == "imagenet_folder":  # decodes as it goes, and has two folders; the table says it
        return
    looked_at, tested = (
        {entry for entries in sets.values() for entry in entries}
        for sets in (config.data.val, config.data.test)
    )
    assert config.data.held_out or looked_at
    assert not looked_at & tested


@pytest.mark.parametrize(
    "name", [option for option in options("experiment") if option.endswith("_paper")]
)
def test_papers_train_on_all_images_and_look_at_what_the_papers_look_at(name: str) -> None:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("train", overrides=[f"experiment={name}", "data.root=x"])
    assert config.data.held_out == 0
    assert set(config.data.val) <= {"set5", "div2k10"}
    assert config.data.val

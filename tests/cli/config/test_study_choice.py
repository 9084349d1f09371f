"""Every study can be looked at by commands that have none of the groups that it changes."""

import pytest
import yaml
from hydra import compose, initialize_config_dir

from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.config.study_choice import compose_study, keep_choice
from sr_experiments.errors import ConfigError
from sr_experiments.studies.study import Study

FILES = [path for path in sorted(conf_dir().glob("study/*.yaml")) if path.stem != "base"]


def choose(*arguments: str) -> Study | None:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        choice = list(compose("report", keep_choice(arguments)).study_choice)
        return compose_study(choice) if choice else None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_study(path) -> None:
    study = choose(f"study={path.stem}", "runs=a")
    assert study is not None
    assert study.title == yaml.safe_load(path.read_text())["study"]["title"]


def test_keys_of_a_study_are_typed_with_it() -> None:
    study = choose("to=wandb", "study=deconv_edsr", "study.title='It\\'s a \"title\", [so]'")
    assert study is not None
    assert study.title == 'It\'s a "title", [so]'


def test_no_study() -> None:
    assert choose("runs=study") is None
    assert choose("to=wandb", "group=a") is None


def test_what_does_not_exist() -> None:
    with pytest.raises(ConfigError, match=r"study=vdsr_dept: .* did you mean vdsr_depth"):
        choose("study=vdsr_dept")

"""What people type, and the one line that helps."""

import subprocess
import sys
from pathlib import Path

import pytest
from hydra._internal.utils import get_args_parser

from sr_experiments.cli import app
from sr_experiments.cli.config.command_line import tidy
from sr_experiments.cli.config.hints import nearest
from sr_experiments.errors import ConfigError
from tests.cli.conftest import TINY, Command

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("data.test.mine=[folder]", "++data.test.mine=[folder]"),
        ("+data.test.mine=[folder]", "++data.test.mine=[folder]"),
        ("data.val.mine=[folder]", "++data.val.mine=[folder]"),
        ("metrics.lpips.net=vgg", "++metrics.lpips.net=vgg"),
        ("callbacks.guard.factor=2", "++callbacks.guard.factor=2"),
        ("data.test={mine:[folder]}", "++data.test={mine:[folder]}"),
        ("~data.test.set5", "~data.test.set5"),
        ("metrics=[lpips]", "metrics=[lpips]"),
        ("data.root=~/images", 'data.root="~/images"'),
        ("run_dir=/tmp/a(b", 'run_dir="/tmp/a(b"'),
        ("ckpt_path=out/lr=0.1/last.ckpt", 'ckpt_path="out/lr=0.1/last.ckpt"'),
        ("data.root=/tmp/plain", "data.root=/tmp/plain"),
        ("model.depth=4,6", "model.depth=4,6"),
        ("tags=(a", "tags=(a"),
        ("--cfg=job", "--cfg=job"),
    ],
)
def test_signs_and_quotes_are_added(typed: str, taken: str) -> None:
    assert tidy([typed], "train") == [taken]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["--lr", "0.1"], r"--lr: overrides have no dashes; write optim.lr=0.1$"),
        (["--model.depth=4"], r"write model.depth=4$"),
        (["--max-epochs", "2"], r"write trainer.max_epochs=2$"),
    ],
)
def test_dashes(typed: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        tidy(typed, "train")


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("experiment=srgan", "experiment=srgan_backbones"),
        ("experiment=vdsr_mini,srgan", "experiment=vdsr_mini,srgan_backbones"),
        ("+study.size=mini", "+study.size=tiny"),
        ("hparams_search=optuna", "hparams_search=vdsr_optuna"),
        ("eval=rgb8", "protocol=rgb8"),
        ("eval.shave=4", "protocol.shave=4"),
        ("~eval.degradation", "~protocol.degradation"),
        ("set=t91", "dataset=t91"),
        ("panels=0", "log_images=0"),
        ("study.arms.plain_1e-1=null", "study.variants.plain_1e-1=null"),
    ],
)
def test_words_of_earlier_versions_are_taken_and_said(
    typed: str, taken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tidy([typed], "train") == [taken]
    assert capsys.readouterr().err == f"note: {typed} is written {taken} now\n"
    assert tidy([taken], "train") == [taken]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("flag", [["-m"], ["--multirun"], ["--config-dir", "a=b"], ["--cfg=job"]])
def test_flags_may_stand_anywhere(flag: list[str]) -> None:
    typed = ["model=vdsr", *flag, "seed=0,1"]
    assert tidy(typed, "train") == [*flag, "model=vdsr", "seed=0,1"]
    assert get_args_parser().parse_args(tidy(typed, "train")).overrides == [
        "model=vdsr",
        "seed=0,1",
    ]


def test_a_command_alone_is_a_command() -> None:
    assert tidy([], "train") == []


@pytest.mark.parametrize(
    ("former", "present"),
    [("compare", "evaluate.py"), ("dashboard", "report.py to=wandb")],
)
def test_a_former_command_names_the_present_one(former: str, present: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / f"{former}.py"), "runs=[a b]"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {former}.py has become {present}; write: python {present} 'runs=[a b]'\n"
    )


def test_help_says_which_command_is_for_what(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate.py", "--help"])
    with pytest.raises(SystemExit):
        app.evaluate()
    assert "python report.py" in capsys.readouterr().out


def test_help_of_a_command_that_wants_a_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["prepare.py", "--help"])
    with pytest.raises(SystemExit) as stop:
        app.prepare()
    assert not stop.value.code
    assert "div2k" in capsys.readouterr().out


def test_hydras_own_flags_stay() -> None:
    flags = ["-m", "--multirun", "--cfg", "job", "--help", "-cn", "train", "--resolve"]
    assert tidy(flags, "train") == flags


def test_the_nearest_names() -> None:
    names = ["optim.lr", "optim.lr_factors", "model.depth", "data.batch_size", "patches.batch_size"]
    assert nearest("lr", names) == ["optim.lr"]
    assert nearest("optim.learning_rate", names) == ["optim.lr"]
    assert nearest("model.depht", names) == ["model.depth"]
    assert nearest("batch_size", names) == ["data.batch_size", "patches.batch_size"]
    assert nearest("nothing.alike", names) == []


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["lr=0.1"], "error: lr: there is no such key; did you mean optim.lr?\n"),
        (["optim.learning_rate=1"], "did you mean optim.lr?\n"),
        (["model=edsr", "model.bloks=3"], "model.bloks: there is no such key; did you mean "
         "model.blocks?\n"),
        (["optim={lrr:1}"], "optim.lrr: there is no such key; did you mean optim.lr"),
        (["device=cuda"], "device=cuda: there is no such option; did you mean gpu?\n"),
        (["logger=[wandbb]"], "logger=wandbb: there is no such option; did you mean wandb?\n"),
        (["metrics=[lpips]"], "metrics: train.py does not take it\n"),
        (["~optim"], "error: optim: has no _target_, so that there is nothing to build"),
        (["vdsr"], "vdsr: an override is written key=value, as model=vdsr\n"),
        (["tags=(a"], "tags=(a: its value cannot be read"),
        (["data.root=/tmp/a,b"], "error: data.root=/tmp/a,b: a comma separates the values of a "
         "sweep; quote it within quotes, 'data.root=\"/tmp/a,b\"', write a list, "
         "'data.root=[/tmp/a,b]', or add -m for a sweep\n"),
        (["data.cache=/proc/nope"], "cannot write /proc/nope: No such file or directory; choose "
         "another place with data.cache=..., or fix"),
        (["device.accelerator=warp"], "device.accelerator=warp: there is none; choose device=cpu"),
        (["trainer.max_time=never"], "trainer.max_time: expected"),
    ],
)  # fmt: skip
def test_one_line_that_helps(command: Command, typed: list[str], message: str) -> None:
    result = command("train", "log_images=0", *typed)
    assert result.code == 2
    assert message in result.err
    assert "Error executing job" not in result.err
    if "data.cache" not in typed[0]:  # which is found out by the run
        assert not result.folder.exists()


def test_list_groups_of_evaluate(command: Command) -> None:
    result = command("evaluate", "metrics=[lpip]")
    assert "metrics=lpip: there is no such option; did you mean lpips?\n" in result.err


def test_the_line_of_hydra_is_left_out_where_the_machine_fails(
    command: Command, images: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sr_experiments.cli.commands import train

    def broken(*_: object) -> None:
        raise RuntimeError("a mistake in the code")

    monkeypatch.setattr(train, "build_network", broken)
    with pytest.raises(RuntimeError, match="a mistake in the code"):
        command("train", *images, *TINY)


def test_new_test_sets_by_both_forms(command: Command, images: list[str], make_images) -> None:
    make_images("data/more", 1, 40, 40)
    for sign in ("", "+"):
        typed = [f"{sign}data.test.mine=[more]", "data.val.test=[test]", "trainer.max_epochs=1"]
        result = command("train", *images, *TINY, *typed, "log_images=0", run=f"run{sign}")
        assert result.code == 0, result.err
        assert "mine" in (result.folder / "results.csv").read_text()
        assert not list(result.folder.glob("*.log"))

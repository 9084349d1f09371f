"""A network from outside the project: refused in one line, or trained, scored, continued."""

import csv
import re
import sys
from pathlib import Path

import pytest

from sr_experiments.cli import app
from sr_experiments.cli.build import build_network
from sr_experiments.errors import ConfigError
from sr_experiments.models import SRCNN
from tests.cli.conftest import TINY, Command

OWN_DIR = ("--config-dir", "conf")
MODULE = """
import torch
from torch import nn
from sr_experiments.models import Network

class Child(Network):
    upsamples = True

    def __init__(self, scales=(3,), channels: int = 8, activation: nn.Module | None = None):
        super().__init__()
        self.in_channels, self.scales = 1, scales
        layers = nn.Conv2d(1, channels, 3, padding=1), activation or nn.Tanh()
        last = nn.Conv2d(channels, scales[0] ** 2, 3, padding=1)
        self.body = nn.Sequential(*layers, last, nn.PixelShuffle(scales[0]))

    def forward(self, x):
        return self.body(x)

class Stranger(nn.Module):  # no child of Network, but with what makes one
    upsamples = True
    forward = Child.forward
    def __init__(self, scales=(3,), channels: int = 8, activation: nn.Module | None = None):
        nn.Module.__init__(self)
        self.in_channels, self.scales = 1, list(scales)
        self.body = Child(scales, channels, activation).body

class Bare(nn.Module):
    def forward(self, x):
        return x

class Forgetful(Network):
    pass

class Small(Child):
    upsamples = False

class Several(Child):
    def __init__(self):
        super().__init__()
        self.scales = (2, 3)

class Colourful(Child):
    def __init__(self):
        super().__init__()
        self.in_channels = 4

class Wordy(Child):
    def __init__(self):
        super().__init__()
        self.scales = "x3"

class Crash(Child):
    def forward(self, x):
        return x @ torch.ones(7, 7)

class Typo(Child):
    def __init__(self):
        self.body = nothing

class Demanding(Child):
    def __init__(self, depth):
        super().__init__()

class Strict(Child):
    def __init__(self):
        super().__init__(scales=3)

class Pair(Child):
    def forward(self, x):
        return x, x

number = 3
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: espcn_here.py and conf/model/espcn.yaml."""
    (tmp_path / "espcn_here.py").write_text(MODULE)
    (tmp_path / "typing_error.py").write_text("def f(:\n")
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "espcn.yaml").write_text(
        "_target_: espcn_here.Child\nscales: [3]\nchannels: 8\n"
        "activation: {_target_: torch.nn.Sigmoid}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "espcn_here", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("espcn_here.Bare", r"Bare does not set self\.in_channels, self\.scales, self\.upsamples"),
        ("espcn_here.Forgetful", r"Forgetful does not set self\.in_channels, self\.scales; a net"),
        ("espcn_here.Small", r"makes \[1, 1, 144, 144\] of .*, expected \[1, 1, 48, 48\]"),
        ("espcn_here.Several", r"expected \[1, 1, 96, 96\] at scale 2"),
        ("espcn_here.Colourful", r"in_channels must be 1 \(Y\) or 3 \(RGB\), got 4"),
        ("espcn_here.Wordy", r"Wordy\.scales must be numbers, as \(2, 3\), got 'x3'"),
        ("espcn_here.Crash", r"cannot restore an image: RuntimeError: .*espcn_here\.py, line \d+"),
        ("espcn_here.Typo", r"NameError: name 'nothing' is not defined \(.*_here\.py, line \d+"),
        ("espcn_here.Demanding", r"TypeError: .* missing 1 required .* argument: 'depth'$"),
        ("espcn_here.Strict", r"TypeError: 'int' object is not .* \(.*espcn_here\.py, line \d+\)$"),
        ("espcn_here.Pair", r"Pair makes tuple of"),
        ("sr_experiments.models.Discriminator", r"Discriminator does not set self\.scales"),
        ("fractions.Fraction", r"Fraction is no torch\.nn\.Module"),
        (None, r"model: names no network"),
    ],
)
def test_what_is_no_network_is_refused_in_one_line(target, message, own, monkeypatch):
    monkeypatch.syspath_prepend(str(own))
    with pytest.raises(ConfigError, match=message) as caught:
        build_network({"model": {"_target_": target}})
    assert str(caught.value).startswith("model: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nowhere.Net", r"cannot find 'nowhere\.Net' \(No module named 'nowhere'\); modules are"),
        ("espcn_here.Net", r"cannot find 'espcn_here\.Net' \(module .* has no attribute 'Net'\)"),
        ("espcn_here.number", r"espcn_here\.number is no class or function"),
        ("typing_error.Net", r"cannot be imported: SyntaxError: .*typing_error\.py, line 1"),
        ("espcn_here.Bare", r"Bare does not set"),
        ("..", r"cannot find '\.\.'"),
    ],
)
def test_a_wrong_name_is_one_line(target, message, own, command: Command, images: list[str]):
    config = own / "conf" / "model" / "mine.yaml"
    config.write_text(f"_target_: {target}\n")
    result = command("train", *images, "model=mine", *OWN_DIR)
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert re.search(message, result.err), result.err


def test_ones_own_options_are_listed(own, command: Command):
    for typed, message in (("espcnn", "did you mean espcn"), ("zzz", "edsr espcn hran")):
        result = command("train", f"model={typed}", *OWN_DIR)
        assert message in result.err
    result = command("train", "model=espcn", "model.depth=3", *OWN_DIR)
    assert "valid are" in result.err or "did you mean" in result.err
    assert not re.search(r"model\.(depth|deconv|conv)\b.*model\.(deconv|conv)", result.err)


def test_an_own_network_is_no_other_for_the_projects() -> None:
    network = build_network({"model": {"_target_": "sr_experiments.models.SRCNN"}})
    assert isinstance(network, SRCNN)


@pytest.mark.parametrize("kind", ["Child", "Stranger"])
def test_what_was_trained_is_scored_continued_and_compared(
    kind: str, own, command: Command, images: list[str], monkeypatch, capsys
):
    mine = ["model=espcn", f"model._target_=espcn_here.{kind}", "log_images=0"]
    if kind == "Stranger":
        mine.append("model.activation=null")
    tiny = [*images, *(o for o in TINY if "depth" not in o), "patches.size=8"]
    trained = command("train", *tiny, *mine, *OWN_DIR)
    assert trained.code == 0, trained.err
    checkpoint = f"ckpt_path={trained.folder}/checkpoints/last.ckpt"

    # The file brings 4 channels; that it may bring the class and its object is the user's word.
    scored = command("evaluate", *mine, *images, checkpoint, *OWN_DIR, run="scored")
    assert scored.code == 0, scored.err
    name = "test/test_x3/psnr_y"
    assert scored.status["metrics"][name] == pytest.approx(trained.status["metrics"][name])

    if kind == "Stranger":
        by_name = command("evaluate", *images, mine[1], checkpoint, "log_images=0", run="by_name")
        assert by_name.code == 0, by_name.err

    refused = command("evaluate", *images, checkpoint, run="refused")
    assert refused.code == 2
    assert f"name it yourself with trusted=[espcn_here.{kind}]" in refused.err

    more = command(
        *("train", *tiny, *mine, checkpoint, "trainer.max_epochs=3", *OWN_DIR), run="more"
    )
    assert more.code == 0, more.err

    arguments = ["evaluate.py", *mine, *images, f"runs=[{trained.folder},{more.folder}]"]
    arguments += ["device=cpu", f"hydra.run.dir={own}/compared", *OWN_DIR]
    monkeypatch.setattr(sys, "argv", arguments)
    app.evaluate()
    assert "test x3" in capsys.readouterr().out


def test_it_is_compared_with_a_network_of_the_project(own, command: Command, images: list[str]):
    tiny = [*images, *(o for o in TINY if "model" not in o), "log_images=0"]
    mine = command("train", *tiny, "model=espcn", "patches.size=8", *OWN_DIR, run="mine")
    assert mine.code == 0, mine.err
    vdsr = ["model.depth=2", "model.channels=4", "model.scales=[3]"]
    other = command("train", *tiny, *vdsr, run="other")
    assert other.code == 0, other.err

    runs = f"runs=[{other.folder},{mine.folder}]"
    refused = command("evaluate", runs, "log_images=0", run="refused")
    assert refused.code == 2
    assert "name it yourself with trusted=[espcn_here.Child]" in refused.err
    trusted = "trusted=[espcn_here.Child,torch.nn.Sigmoid]"
    compared = command("evaluate", runs, trusted, "log_images=1", run="compared")
    assert compared.code == 0, compared.err
    with (compared.folder / "comparison.csv").open() as file:
        psnr = [float(row["psnr"]) for row in csv.DictReader(file) if row["method"] != "bicubic"]
    name = "test/test_x3/psnr_y"
    assert psnr == pytest.approx([run.status["metrics"][name] for run in (other, mine)])

    scored = command("evaluate", f"ckpt_path={mine.folder}", trusted, "log_images=0", run="scored")
    assert scored.code == 0, scored.err
    assert scored.status["metrics"][name] == pytest.approx(mine.status["metrics"][name])

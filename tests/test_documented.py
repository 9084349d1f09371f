"""Every command of README.md and docs/ runs, on tiny images, or has a reason not to."""

import re
import shlex
import sys
import tomllib
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hydra.core.global_hydra import GlobalHydra
from PIL import Image

from sr_experiments.cli import app
from sr_experiments.models import EDSR, SRCNN, VDSR, DnCNN
from tests.conftest import smooth_image
from tests.documented import NOT_RUN, ROOT, Shown, shown_commands
from tests.runs.folders import make_run, make_sweep

COMMANDS = shown_commands()
SETS = ["T91", "BSD200", "Set5", "Set14", "B100", "Urban100", "Set12", "BSD68", "train", "test"]
#: Sizes of networks that a command leaves at those of their papers.
SMALL = {
    "vdsr": ["model.depth=3", "model.channels=4"],
    "edsr": ["model.blocks=1", "model.channels=4"],
    "srresnet": ["model.blocks=1", "model.channels=4"],
    "espcn": ["model.channels=4"],
}
SHORT = ["trainer.max_steps=1", "data.batch_size=2", "patches.size=12", "log_images=0"]
ESPCN = """
from torch import nn

class ESPCN(nn.Module):
    def __init__(self, scales=(3,), channels: int = 64):
        super().__init__()
        self.in_channels, self.scales, self.upsamples = 1, scales, True
        last = nn.Conv2d(channels, scales[0] ** 2, 3, padding=1)
        self.body = nn.Sequential(
            nn.Conv2d(1, channels, 5, padding=2), nn.Tanh(), last, nn.PixelShuffle(scales[0])
        )

    def forward(self, x):
        return self.body(x)
"""


def call(name: str, words: list[str]) -> None:
    """Runs a script in this process, in the working directory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [f"{name}.py", *words])
        GlobalHydra.instance().clear()
        code = None
        try:
            getattr(app, name)()
        except SystemExit as stop:
            code = stop.code
    assert not code, (name, words)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A working directory with all that the pages name: images, weights, runs, modules."""
    folder = tmp_path_factory.mktemp("workspace")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for number, name in enumerate([*SETS, "photos"]):
            place = folder / "photos" if name == "photos" else folder / "data" / name
            place.mkdir(parents=True)
            for i in range(2 if name in ("T91", "BSD200", "train") else 1):
                picture = Image.fromarray(smooth_image(50, 54, 2 * number + i))
                picture.save(place / f"{i}.png")
        for name in ("photo.jpg", "photos/b.jpg", "a.png", "big.tif"):
            Image.fromarray(smooth_image(24, 28)).save(name)
        torch.save(SRCNN(kernels=[9, 5, 5], padding=False).state_dict(), "srcnn_x3.pth")
        torch.save(VDSR(bias=False).state_dict(), "pytorch_vdsr.pth")
        torch.save(EDSR().state_dict(), "edsr_x2.pt")
        for name, depth in (("dncnn_25", 17), ("dncnn_gray_blind", 20), ("dncnn3", 20)):
            torch.save(DnCNN(depth=depth).state_dict(), f"{name}.pth")
        Path("espcn.py").write_text(ESPCN, encoding="utf-8")
        (loss,) = re.findall(r"^```python\n(# charbonnier\.py\n.*?)^```", _page("own"), re.M | re.S)
        Path("charbonnier.py").write_text(loss, encoding="utf-8")
        (conf,) = re.findall(
            r"^```yaml\n# conf/model/espcn.yaml\n(.*?)^```", _page("models"), re.M | re.S
        )
        Path("conf/model").mkdir(parents=True)
        Path("conf/model/espcn.yaml").write_text(conf, encoding="utf-8")
        sweeps = folder / "multirun_sweeps" / "train"
        make_sweep(sweeps / "DATE")
        for number, variant in enumerate(("residual_1e-1", "plain_1e-1")):
            study = {"name": "vdsr_residual", "size": "tiny", "variant": variant}
            make_run(sweeps / "STUDY" / str(number), changes={"study": study}, variant=variant)
        (sweeps / "STUDY" / "overrides.yaml").write_text("[study=vdsr_residual]", encoding="utf-8")
        vdsr = [*SMALL["vdsr"], "model.scales=[2]", "data.root=data", "data=t91", *SHORT]
        own = ["--config-dir", "conf", "model=espcn", *SMALL["espcn"], "data.root=data", "data=t91"]
        own += SHORT
        for name, words in (("RUN", vdsr), ("OWN", own), ("OTHER_RUN", own)):
            call("train", [*words, "device=cpu", f"hydra.run.dir={name}"])
        yield folder


def _page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def tiny(command: Shown) -> tuple[str, list[str]]:
    """Script and arguments of a command: its first job, on what the workspace has, in seconds."""
    script, *words = shlex.split(command.text)[1:]
    name = script.removesuffix(".py")
    words = [word for word in words if word != "-m"]
    words = [re.sub(r"=([^\[\]{}'\"]*?),.*$", r"=\1", word) for word in words]
    renamed = {"data.root=DATA": "data.root=data", "my/images": "data"}
    renamed |= {"other.safetensors": "bicubic", "=FOLDER": "=data/Set5"}
    if "espcn" in command.text:
        renamed["[RUN,"] = "[OWN,"
        renamed["=RUN"] = "=OWN"
    for old, new in renamed.items():
        words = [word.replace(old, new) for word in words]
    if name == "train":
        network = re.search(r"(?:model|experiment)=([a-z]+)", command.text)
        extra = [*SHORT, *SMALL.get(network[1] if network else "vdsr", []), "device=cpu"]
        if "ckpt_path" in command.text:
            extra += ["model.scales=[2]", "trainer.max_steps=2"]
        if "data=demo" not in command.text:
            extra += ["data.root=data", *([] if "data=" in command.text else ["data=t91"])]
        typed = {word.partition("=")[0] for word in words}
        last = {word.partition("=")[0]: word for word in extra}
        words += [word for key, word in last.items() if key not in typed]
    elif name in ("predict", "evaluate", "export"):
        words.append("device=cpu")
    if "logger=" in command.text:
        words.append(f"hydra.run.dir=logged_{zlib.crc32(command.text.encode())}")
    if name == "export":
        words.append("overwrite=true")
    return name, words


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if not c.reason], ids=lambda c: f"{c.page}: {c.text}"
)
def test_it_runs(command: Shown, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    call(*tiny(command))


COMPOSED = re.compile(
    r"python (?:train|evaluate|predict|export|report)\.py (?!.*(?:NAME|FILE|rerun|resume|--))"
)


@pytest.mark.parametrize(
    "command",
    [c for c in COMMANDS if c.reason and COMPOSED.match(c.text)],
    ids=lambda c: f"{c.page}: {c.text}",
)
def test_what_is_not_run_composes(
    command: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    script, *words = shlex.split(command.text)[1:]
    words = [re.sub(r"=([^\[\]{}'\"]*?),.*$", r"=\1", w) for w in words if w != "-m"]
    call(script.removesuffix(".py"), [*words, "--cfg", "job"])


def test_extras_and_targets_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in COMMANDS:
        for extra in re.findall(r"sr-experiments\[(\w+)\]", command.text):
            assert extra in project["optional-dependencies"], command
        for target in re.findall(r"^make (\S+)", command.text):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), command


def test_every_reason_is_one_of_a_command() -> None:
    assert len(COMMANDS) > 80
    assert set(NOT_RUN.values()) == {c.reason for c in COMMANDS} - {""}


def test_the_readme_is_short() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 120
    assert len(re.findall(r"^!\[", readme, re.MULTILINE)) == 1

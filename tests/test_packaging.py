"""What is distributed: contents of both archives, and the commands away from the clone."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source distribution, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", f"--outdir={folder}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (path,) = dist.glob("*.whl")
    return path


def tracked(*folders: str) -> set[str]:
    """The files below some folders that belong to the project."""
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(listed.stdout.split())


@pytest.mark.slow
def test_both_archives_hold_what_they_should_and_no_more(dist: Path, wheel: Path) -> None:
    code = tracked("sr_experiments", "hydra_plugins")
    conf = tracked("conf")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {n for n in names if ".dist-info/" not in n} == code | {
        f"sr_experiments/{name}" for name in conf
    }
    about = {n.rpartition(".dist-info/")[2] for n in names if ".dist-info/" in n}
    assert {"METADATA", "licenses/LICENSE", "entry_points.txt"} <= about

    (source,) = dist.glob("*.tar.gz")
    with tarfile.open(source) as tar:
        inside = {m.name.partition("/")[2] for m in tar.getmembers() if m.isfile()}
    texts = {"README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "pyproject.toml"}
    assert inside == code | conf | texts | {"PKG-INFO", ".gitignore"}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of the wheel in a new environment; dependencies are lent by this one."""
    venv = tmp_path_factory.mktemp("fresh") / "venv"
    run = [sys.executable, "-m", "venv", "--without-pip", str(venv)]
    subprocess.run(run, check=True, capture_output=True)
    python = venv / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    subprocess.run([*pip, "--no-index", str(wheel)], check=True, capture_output=True)
    # A plain path: links to the clone, as of an editable installation, are not followed.
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return venv / "bin"


@pytest.mark.slow
def test_the_commands_run_outside_a_clone(installed: Path, tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def call(*words: str) -> str:
        words = (str(installed / words[0]), *words[1:])
        done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    where = call("python", "-c", "import sr_experiments; print(sr_experiments.__file__)")
    assert where.startswith(str(installed.parent))
    tiny = ["model.depth=3", "model.channels=4", "log_images=1", "device=cpu"]
    call("sr-train", "debug=default", *tiny, "hydra.run.dir=run")
    code = "from skimage import data; from PIL import Image; "
    call("python", "-c", f"{code}Image.fromarray(data.cat()[:40, :48]).save('a.png')")
    said = call("sr-predict", "weights=run", "input=a.png", "output=b.png", "scale=2", "device=cpu")
    assert "48 x 40 -> 96 x 80" in said


@pytest.mark.slow
def test_every_command_answers(installed: Path, tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    for name in PROJECT["scripts"]:
        command = [str(installed / name), "--help"]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, (name, done.stderr)


def test_the_malicious_releases_are_excluded() -> None:
    (lightning,) = (
        r for r in map(Requirement, PROJECT["dependencies"]) if r.name == "pytorch-lightning"
    )
    assert not any(lightning.specifier.contains(f"2.6.{patch}") for patch in (2, 3))
    assert lightning.specifier.contains("2.6.1")


def test_pinned_versions_satisfy_the_requirements() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {canonicalize_name(r.name): r for r in map(Requirement, filter(None, lines))}
    extras = PROJECT["optional-dependencies"]
    (own,) = (r for r in map(Requirement, extras["dev"]) if r.name == PROJECT["name"])
    installed = [each for name in ("dev", *own.extras) for each in extras[name]]
    for text in [*PROJECT["dependencies"], *installed]:
        wanted = Requirement(text)
        if wanted.name == PROJECT["name"]:
            continue
        (version,) = (s.version for s in pinned[canonicalize_name(wanted.name)].specifier)
        assert Version(version) in wanted.specifier, text


def test_the_citation_names_the_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()


def test_the_image_copies_what_is_there() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [line.split()[1:-1] for line in lines if re.match(r"COPY (?!--from)", line)]
    names = {name for each in copied for name in each}
    assert all((ROOT / name).exists() for name in names)
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {f"!{name}" for name in names} <= set(let_in)


def test_make_help_lists_every_target() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert re.findall(r"^  make (\S+)", done.stdout, re.MULTILINE) == phony.split()

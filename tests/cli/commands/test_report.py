"""``python report.py`` as people call it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir

from sr_experiments.cli.commands.report import report as run_report
from sr_experiments.cli.commands.report import study_of
from sr_experiments.cli.config.files import conf_dir
from sr_experiments.errors import ConfigError
from sr_experiments.runs.read import read_runs
from sr_experiments.sweeps.command import record_overrides
from tests.runs.folders import METRIC, make_run, make_sweep

ROOT = Path(__file__).parents[3]


def report(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "report.py"), *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_sweep_becomes_a_folder_of_files(tmp_path: Path) -> None:
    make_sweep(tmp_path / "sweep")
    make_run(tmp_path / "single", lr=0.5)
    done = report(tmp_path, "runs=[sweep,single]", "out=out", "target=31")
    assert done.returncode == 0, done.stderr
    for name in ("report.html", "report.md", "curves.csv", "results.csv", "curves.parquet"):
        assert (tmp_path / "out" / name).stat().st_size > 100
        assert f"out/{name}" in done.stdout
    assert (tmp_path / "out" / "plots" / "val_set5_x2_psnr_y.png").is_file()
    assert "note: 1 of 7 runs diverged" in done.stdout
    assert "lr=0.01 ends higher than lr=0.1" in done.stdout
    text = (tmp_path / "out" / "report.md").read_text()
    assert "1 of 7 runs is still running" in text
    assert "31.00 (as asked)" in text


def test_a_single_folder_needs_no_brackets(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    done = report(tmp_path, "runs=run", f"metric={METRIC}", "better=higher")
    assert done.returncode == 0, done.stderr
    (page,) = (tmp_path / "outputs" / "report").glob("*/report.html")
    assert str(page.relative_to(tmp_path)) in done.stdout


def test_a_study_is_chosen_by_name(tmp_path: Path) -> None:
    for number, variant in enumerate(("residual_1e-1", "plain_1e-1")):
        make_run(tmp_path / "sweep" / str(number), variant=variant, lr=0.1 + number)
    done = report(tmp_path, "runs=sweep", "study=vdsr_residual", "out=out")
    assert done.returncode == 0, done.stderr
    assert "not shown: At a rate of 0.1, residual learning ends higher." in done.stdout
    assert "36.90" in (tmp_path / "out" / "report.md").read_text()


def test_a_study_alone_is_that_of_its_newest_sweep(tmp_path: Path) -> None:
    for age, (date, study) in enumerate(
        (("d", "vdsr_depth"), ("c", "vdsr_residual"), ("b", "vdsr_residual"))
    ):
        sweep = tmp_path / "multirun_sweeps" / "train" / date
        make_run(sweep / "0", variant="residual_1e-1")
        record_overrides(sweep, [f"study={study}", "study.size=mini"])
        os.utime(sweep / "overrides.yaml", (1e9 - age, 1e9 - age))
    done = report(tmp_path, "study=vdsr_residual", "out=out")
    assert done.returncode == 0, done.stderr
    assert "from multirun_sweeps/train/c" in done.stdout
    done = report(tmp_path, "study=srcnn_depth")
    assert done.returncode == 2
    assert "study=srcnn_depth: there is no sweep of it in multirun_sweeps" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["runs=nowhere"], "runs: nowhere: there is no such folder"),
        (["runs=[run,empty]"], "there is no run in empty"),
        (["runs=run", "metric=val/set5_x2/psnr"], f"did you mean {METRIC}"),
        (["runs=run", "better=more"], "better: "),
        (["runs=run", "target=high"], "target: "),
        (["runs=run", "+colour=red"], "colour: there is no such key"),
        (["runs=run", "out=file/x"], "cannot write"),
    ],
)
def test_mistakes_are_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    make_run(tmp_path / "run")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("report", ["out=out", *arguments])
    with pytest.raises(ConfigError, match=re.escape(words)) as raised:
        run_report(config)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["runs=nowhere"], "runs: nowhere: there is no such folder"),
        (["study=nothing"], "study=nothing: there is no such option"),
        (["study=deconv_edsr", "study.size=huge"], "study.size=huge: deconv_edsr comes as"),
        (["~to"], "to: is needed; leave ~to out"),
        ([], "runs: needs a value"),
    ],
)
def test_the_command_prints_them_without_a_traceback(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = report(tmp_path, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_help_names_the_keys(tmp_path: Path) -> None:
    done = report(tmp_path, "--help")
    assert done.returncode == 0
    for key in ("runs", "metric", "target", "better", "out"):
        assert f"\n{key}:" in done.stdout
    assert "python evaluate.py runs=[...]" in done.stdout


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(conf_dir().glob("study/*.yaml")) if path.stem != "base"],
    ids=lambda path: path.stem,
)
def test_every_study_is_found_by_its_runs(tmp_path: Path, path: Path) -> None:
    node = {"name": path.stem, "size": "tiny", "variant": "any"}
    make_run(tmp_path / "0", changes={"study": node})
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        study = study_of(read_runs([tmp_path]))
    assert study is not None
    assert study.title == yaml.safe_load(path.read_text())["study"]["title"]


def test_runs_of_no_study_or_of_several_have_none(tmp_path: Path) -> None:
    make_run(tmp_path / "0")
    assert study_of(read_runs([tmp_path])) is None
    make_run(tmp_path / "1", changes={"study": {"name": "vdsr_residual", "variant": "a"}})
    assert study_of(read_runs([tmp_path])) is None
    make_run(tmp_path / "2" / "0", changes={"study": {"name": "gone", "variant": "a"}})
    assert study_of(read_runs([tmp_path / "2"])) is None

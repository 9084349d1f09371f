"""Cells of published tables in full length: what is run, where it goes on, how it travels."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.full_length.cells import find_cell, overrides_of, read_cells, study_of
from benchmarks.full_length.reproduce import TRAIN, arguments
from benchmarks.full_length.state import copy_state, fetch_state, has_ended, steps_done
from sr_experiments.errors import ConfigError, UserError
from tests.cli.conftest import TINY

TABLE1 = "vdsr/table1/residual_1e-1"


def state_at(folder: Path, step: int) -> Path:
    (folder / "checkpoints").mkdir(parents=True)
    content = {"config": {"model": {}}, "state_dict": {}, "global_step": step}
    torch.save(content, folder / "checkpoints" / "last.ckpt")
    (folder / "metrics.csv").write_text(f"epoch,step\n0,{step}\n")
    return folder


@pytest.mark.parametrize("name", read_cells())
def test_a_cell_is_one_arm_of_a_study_with_published_values(name: str):
    cell = find_cell(name)
    study = study_of(cell)
    assert any(study.published.get(cell.variant, [])) or "no numbers" in study.source
    job = overrides_of(cell, seed=3)
    assert {
        f"study={cell.study}",
        "study.size=paper",
        f"study.variant={cell.variant}",
        "seed=3",
    } <= {*job}
    assert {*study.variants[cell.variant]} <= {*job}


def test_what_is_typed_wins_and_a_continued_run_keeps_its_precision(tmp_path: Path):
    cell = find_cell(TABLE1)
    begun = arguments(cell, 0, tmp_path, ["optim.lr=7", "callbacks.last.every_minutes=1"])
    assert "optim.lr=7" in begun
    assert "optim.lr=0.1" not in begun
    assert [o for o in begun if "every_minutes" in o] == ["callbacks.last.every_minutes=1"]
    assert not any("ckpt_path" in o for o in begun)
    state_at(tmp_path, 5)
    (tmp_path / "config.yaml").write_text("device: {precision: 16-true}\n")
    goes_on = arguments(cell, 0, tmp_path, [])
    assert f"ckpt_path={tmp_path}" in goes_on
    assert "device.precision=16-true" in goes_on


def test_an_unknown_cell_names_the_nearest():
    with pytest.raises(
        ConfigError, match=r"no such cell; did you mean .*vdsr/table1/residual_1e-1"
    ):
        find_cell("vdsr/table1/residual_1e1")


@pytest.mark.parametrize(("here", "there", "kept"), [(0, 9, 9), (5, 9, 9), (9, 5, 9)])
def test_the_state_that_is_further_is_continued(tmp_path: Path, here: int, there: int, kept: int):
    own, carried = tmp_path / "own", state_at(tmp_path / "carried", there)
    if here:
        state_at(own, here)
    fetch_state(own, carried)
    assert steps_done(own) == kept
    assert (own / "metrics.csv").read_text().endswith(f"0,{kept}\n")


def test_a_run_that_has_ended_is_left_alone(tmp_path: Path):
    own, carried = state_at(tmp_path / "own", 5), state_at(tmp_path / "carried", 9)
    (own / "status.json").write_text('{"state": "failed", "kind": "diverged"}')
    assert has_ended(own) == "diverged"
    fetch_state(own, carried)
    assert steps_done(own) == 5


def test_without_a_checkpoint_there_is_nothing_to_copy(tmp_path: Path):
    with pytest.raises(UserError, match="no whole checkpoint"):
        copy_state(tmp_path / "own", tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.long
@pytest.mark.slow
def test_a_run_goes_on_elsewhere_as_if_it_had_stayed(tmp_path: Path, shared_data: Path):
    cell = find_cell(TABLE1)

    def run(name: str, epochs: int) -> Path:
        tiny = [*TINY, f"data.root={shared_data}", "device=cpu", f"trainer.max_epochs={epochs}"]
        own = [o for o in tiny if o != "trainer.max_epochs=2"]
        command = [sys.executable, str(TRAIN), *arguments(cell, 0, tmp_path / name, own)]
        subprocess.run(command, check=True, capture_output=True)
        return tmp_path / name

    whole = run("whole", 3)
    copy_state(run("begun", 1), tmp_path / "moved")
    moved = run("moved", 3)
    there, here = (_curve(folder / "metrics.csv") for folder in (whole, moved))
    assert len(there) >= 4
    assert there == here


def _curve(path: Path) -> list[tuple[str, str]]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    key = "val/set5_x2/psnr_y"
    return [(row["step"], row[k]) for row in rows for k in ("train/loss", key) if row.get(k)]


def test_a_state_names_no_place_of_its_machine(tmp_path: Path) -> None:
    own = state_at(tmp_path / "own", 5)
    checkpoint = own / "checkpoints" / "last.ckpt"
    content = torch.load(checkpoint, weights_only=True)
    content["callbacks"] = {"best": {f"{own}/checkpoints/best.ckpt": 30.0, "steps": [5]}}
    content["config"] |= {"run_dir": str(own), "data": {"root": "/home/me/data", "scales": [2]}}
    torch.save(content, checkpoint)
    (own / "overrides.yaml").write_text("- data.root=/home/me/data\n- seed=0\n")
    copy_state(own, target := tmp_path / "moved")
    moved = torch.load(target / "checkpoints" / "last.ckpt", weights_only=True)
    assert moved["callbacks"]["best"] == {"checkpoints/best.ckpt": 30.0, "steps": [5]}
    assert moved["config"] == {
        "model": {},
        "run_dir": ".",
        "data": {"root": "data", "scales": [2]},
    }
    assert (target / "overrides.yaml").read_text() == "- data.root=data\n- seed=0\n"

"""Runs as tables, as a notebook reads them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sr_experiments.errors import ConfigError
from sr_experiments.runs import load_curves, load_runs
from tests.runs.folders import DIVERGED, METRIC, make_run, make_sweep

TEST = "test/set5_x2/psnr_y"


def test_a_run_is_a_row(tmp_path: Path) -> None:
    runs = load_runs([make_sweep(tmp_path / "sweep"), make_run(tmp_path / "one", lr=1.0)])
    assert len(runs) == 7
    assert runs["state"].value_counts()["finished"] == 4
    first = runs.iloc[0]
    assert first["run"] == str(tmp_path / "sweep" / "0")
    assert first["name"] == "model=vdsr lr=0.1 seed=0"
    assert (first["seed"], first["optim.lr"], first["seconds"]) == (0, 0.1, 12.5)
    assert first["model._target_"] == "sr_experiments.models.VDSR"
    lost = runs[runs["state"] == "diverged"].iloc[0]
    assert (lost["kind"], lost["error"]) == ("diverged", DIVERGED)
    assert np.isnan(lost[TEST])
    means = runs.groupby("optim.lr")[TEST].mean()
    assert means.to_dict() == {0.1: 32.0, 0.01: pytest.approx(33.05), 1.0: 32.0}


def test_lists_can_be_grouped(tmp_path: Path) -> None:
    runs = load_runs([make_run(tmp_path / "run", changes={"data": {"scales": [2, 3]}})])
    assert runs.groupby("data.scales").size().to_dict() == {(2, 3): 1}


def test_a_measurement_is_a_row(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", [30.0, 31.5], seed=3)
    curves = load_curves([folder])
    assert set(curves["metric"]) == {METRIC, "train/loss"}
    rows = curves[curves["metric"] == METRIC].drop(columns="metric")
    assert rows.to_dict("records") == [
        {"run": str(folder), "seed": 3, "epoch": 1, "step": 10, "seconds": 2, "value": 30.0},
        {"run": str(folder), "seed": 3, "epoch": 2, "step": 20, "seconds": 4, "value": 31.5},
    ]


def test_runs_without_curves_and_seeds_have_a_table_too(tmp_path: Path) -> None:
    (tmp_path / "status.json").write_text('{"state": "failed", "error": "a"}')
    assert load_runs([tmp_path])[["state", "kind"]].values.tolist() == [["failed", "failed"]]
    curves = load_curves([tmp_path])
    assert curves.empty
    assert curves["seed"].dtype == pd.Int64Dtype()


def test_folders_without_runs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no run in"):
        load_runs([tmp_path])


def test_pandas_is_imported_where_tables_are_made() -> None:
    code = (
        "import sys, sr_experiments.cli.app, sr_experiments.runs\n"
        "import sr_experiments.cli.commands.report\n"
        "sys.exit('pandas' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_commands_start_without_what_computes() -> None:
    code = (
        "import sys, sr_experiments.cli.app, sr_experiments.cli.config.check\n"
        "sys.exit(', '.join({'numpy', 'pandas', 'torch'} & sys.modules.keys()) or None)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)

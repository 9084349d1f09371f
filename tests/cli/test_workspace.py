import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from sr_experiments.cli import app
from sr_experiments.sweeps.command import record_overrides

ROOT = Path(__file__).parents[2]
Command = Callable[..., tuple[int, str, str]]
STUDY = """
defaults: [base]
name: rates
source: nobody
recipes: {tiny: [model=vdsr]}
variants: {high: [optim.lr=0.1], low: [optim.lr=0.01]}
title: "Rates, and what they do"
metric: val/set5_x3/psnr_y
columns: {early: {metric: val/set5_x3/psnr_y, at: 0.1}, end: {metric: test/set5_x3/psnr_y}}
"""


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command in this process: its exit status, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["report.py", "to=wandb", *arguments])
        GlobalHydra.instance().clear()
        try:
            app.report()
        except SystemExit as stop:
            return int(stop.code or 0), *capsys.readouterr()
        return 0, *capsys.readouterr()

    return run


@pytest.fixture
def own_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str, str]:
    monkeypatch.chdir(tmp_path)
    record_overrides(tmp_path / "multirun_sweeps" / "train" / "day-2", ["study=rates"])
    (tmp_path / "conf" / "study").mkdir(parents=True)
    (tmp_path / "conf" / "study" / "rates.yaml").write_text(STUDY)
    return "--config-dir", str(tmp_path / "conf"), "study=rates"


def panels_of(text: str) -> dict[str, list[dict]]:
    """The configurations of the panels in each section."""
    sections = json.loads(text)["section"]["panelBankConfig"]["sections"]
    return {s["name"]: [panel["config"] for panel in s["panels"]] for s in sections}


def shown(panels: list[dict]) -> list[str]:
    return [name for panel in panels for name in panel.get("metrics", panel.get("mediaKeys", []))]


def test_a_sweep(call: Command):
    code, text, err = call(
        "group=day-1", "by=[optim.lr,model.depth]", "sets=[demo_x2]", "x=seconds", "--dry-run"
    )
    assert code == 0, err
    panels = panels_of(text)
    assert shown(panels["Validation PSNR"]) == ["val/psnr", "val/bicubic", "val/demo_x2/psnr_y"]
    assert shown(panels["Validation SSIM"]) == ["val/demo_x2/ssim_y"]
    assert {panel["xAxis"] for panel in panels["Validation PSNR"]} == {"train/seconds"}
    assert shown(panels["Training"]) == ["train/loss", "train/lr", "train/clipped"]
    assert {panel["xAxis"] for panel in panels["Training"]} == {"trainer/global_step"}
    assert shown(panels["Results"]) == ["test/psnr", "test/gain"]
    assert shown(panels["Pictures"]) == ["val/panel", "panel"]
    (runs,) = json.loads(text)["section"]["runSets"]
    (only,) = runs["filters"]["filters"]
    assert (only["key"]["name"], only["op"], only["value"]) == ("group", "=", "day-1")
    assert [key["name"] for key in runs["grouping"]] == ["optim.value.lr", "model.value.depth"]


def test_a_study_groups_its_arms(call: Command, own_study: tuple[str, str, str]):
    code, text, err = call(*own_study, "dry_run=true")
    assert code == 0, err
    panels = panels_of(text)
    assert shown(panels["Validation PSNR"]) == ["val/psnr", "val/bicubic", "val/set5_x3/psnr_y"]
    assert shown(panels["Validation SSIM"]) == ["val/set5_x3/ssim_y"]
    (runs,) = json.loads(text)["section"]["runSets"]
    assert runs["filters"]["filters"][0]["value"] == "rates day-2"
    assert [key["name"] for key in runs["grouping"]] == ["study.value.size", "study.value.variant"]


def test_a_study_of_the_project(call: Command):
    code, text, err = call("study=vdsr_residual", "group=vdsr_residual day", "--dry-run")
    assert code == 0, err
    (runs,) = json.loads(text)["section"]["runSets"]
    assert runs["filters"]["filters"][0]["value"] == "vdsr_residual day"
    assert "val/set5_x2/psnr_y" in shown(panels_of(text)["Validation PSNR"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["study=vdsr_residul"], "did you mean vdsr_residual"),
        (["study=vdsr_residual", "study.size=huge"], "study.size=huge"),
        ([], "give study=NAME, or group=NAME"),
        (["study=srgan_losses"], "'group=srgan_losses FOLDER_OF_THE_SWEEP'"),
        (["group=a", "x=time"], "x: expected epoch, step or seconds"),
        (["group=a", "by=optim.lr"], "by: "),
        (["group=a", "entitty=me"], "did you mean entity?"),
    ],
)
def test_mistakes(call: Command, arguments: list[str], message: str):
    code, _, err = call(*arguments, "--dry-run")
    assert code == 2
    assert message in err
    assert len(err.splitlines()) == 1


def test_saving_wants_a_key(call: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    code, out, err = call("group=a")
    assert (code, out) == (2, "")
    assert "WANDB_API_KEY" in err


def test_saving_wants_the_package(call: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "sr_experiments.cli.workspace", raising=False)
    monkeypatch.delattr("sr_experiments.cli.workspace", raising=False)
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    code, _, err = call("group=a", "--dry-run")
    assert code == 2
    assert "pip install 'sr-experiments[dashboard]'" in err


@pytest.fixture
def server() -> Iterator[tuple[str, list[dict]]]:
    """Stands in for W&B: its address, and the views that were saved."""
    saved: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            data: dict = {"viewer": {"id": "1", "entity": "me", "username": "me", "flags": "{}"}}
            if b"upsertView" in body:
                saved.append(json.loads(body)["variables"])
                data = {"upsertView": {"view": {"id": "1", "name": "nw-abc-v"}, "inserted": True}}
            answer = json.dumps({"data": data}).encode()
            self.send_response(200 if self.path == "/graphql" else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}", saved
        found.shutdown()


@pytest.mark.slow
def test_a_workspace_is_saved(
    server: tuple[str, list[dict]], own_study: tuple[str, str, str], tmp_path: Path
):
    address, saved = server
    surroundings = {"HOME": str(tmp_path), "WANDB_BASE_URL": address, "WANDB_API_KEY": "a" * 40}
    surroundings["WANDB_MODE"] = "online"  # offline runs before this test have set it otherwise
    done = subprocess.run(
        [sys.executable, str(ROOT / "report.py"), "to=wandb", *own_study],
        cwd=tmp_path,
        env={**os.environ, **surroundings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"workspace: {address}/me/sr_experiments?nw=abc\n"
    (view,) = saved
    assert (view["entityName"], view["displayName"]) == ("me", "Rates, and what they do")
    assert shown(panels_of(view["spec"])["Validation PSNR"])[-1] == "val/set5_x3/psnr_y"

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import wandb
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from sr_experiments.errors import Interrupted
from sr_experiments.evaluation import pictures
from sr_experiments.runs.folder import RunFolder
from sr_experiments.runs.record import record_run
from sr_experiments.training.loggers import portable
from sr_experiments.training.metric_logger import MetricLogger, definition
from tests.cli.conftest import TINY, Command
from tests.cli.offline import WANDB, offline_runs

SHORT = [*TINY, "trainer.num_sanity_val_steps=0"]


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


def curves_of(folder: Path) -> dict[str, list[tuple[float, float]]]:
    """Step and value of all metrics in metrics.csv."""
    rows = rows_of(folder)
    names = [name for name in rows[0] if name not in ("step", "epoch")]
    return {n: [(float(r["step"]), float(r[n])) for r in rows if r[n]] for n in names}


def nearly(curve: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(step, pytest.approx(value, rel=1e-6)) for step, value in curve]


def events_of(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder / "tensorboard")).Reload()


def scalars_of(folder: Path) -> dict[str, list[tuple[float, float]]]:
    """Step and value of all scalars of TensorBoard."""
    events = events_of(folder)
    names = events.Tags()["scalars"]
    return {name: [(e.step, e.value) for e in events.Scalars(name)] for name in names}


def timeless(metrics: dict[str, float]) -> dict[str, float]:
    return {k: v for k, v in metrics.items() if not k.endswith(("/seconds", "/data_wait"))}


def test_all_tools_show_the_same_run(command: Command, images: list[str]):
    plain = command("train", *images, *SHORT, run="plain")
    result = command("train", *images, *SHORT, "logger=[wandb,tensorboard]", "tags=[a,b]")
    assert result.code == 0, result.err
    folder = result.folder
    # Pictures change nothing, neither weights nor scores.
    assert timeless(result.status["metrics"]) == timeless(plain.status["metrics"])

    (run,) = offline_runs(folder)
    assert run.summary["state"] == "finished"
    assert run.summary["exit_code"] == 0
    assert run.summary["tags"] == ["a", "b"]
    assert run.start["job_type"] == "train"
    assert run.start["run_id"] == (folder / "wandb_id").read_text().strip()
    assert "group" not in run.start
    assert run.summary["name"].startswith("data=folder depth=3 channels=4 max_epochs=2")
    config = yaml.safe_load((folder / "config.yaml").read_text())
    logged = run.summary["config"]
    assert logged.pop("network") == {"parameters": 225, "multiply_adds_720p": 199065600}
    expected = portable(config, folder)
    assert expected["data"].pop("val") == {}  # W&B leaves empty ones out
    assert logged == expected
    assert (logged["data"]["root"], logged["model"]) == ("data", config["model"])
    assert str(folder.parent) not in json.dumps(logged)
    assert len(run.records["config"]) == 1

    curves = curves_of(folder)
    assert {"train/loss", "val/psnr", "val/held_out_x2/ssim_y", "test/psnr"} <= set(curves)
    for name, curve in curves.items():
        assert run.curve(name) == nearly(curve), name
    best = run.summary["summary"]["val/psnr"]
    values = [value for _, value in curves["val/psnr"]]
    assert best == {"max": pytest.approx(max(values)), "last": pytest.approx(values[-1])}
    assert run.summary["summary"]["test/psnr"] == pytest.approx(curves["test/psnr"][-1][1])
    psnr = run.definition("val/psnr")
    assert psnr["step_metric"] == "epoch"
    assert psnr["summary"] == {"last": True, "max": True}
    assert run.definition("train/loss")["summary"] == {"last": True, "min": True}
    reference = [
        p - g for (_, p), (_, g) in zip(curves["val/psnr"], curves["val/gain"], strict=True)
    ]
    assert [value for _, value in run.curve("val/bicubic")] == pytest.approx(reference)
    # The axes stand in the rows of the scores.
    assert [e for e, _ in run.curve("val/psnr", "epoch")] == [0, 1]

    scalars = scalars_of(folder)
    assert scalars.keys() == {*curves, "epoch"}
    assert all(scalars[name] == nearly(curve) for name, curve in curves.items())
    hparams = events_of(folder).summary_metadata["_hparams_/session_start_info"]
    assert b"model.depth" in hparams.plugin_data.content
    steps = [step for step, _ in curves["val/psnr"]]
    assert [event.step for event in events_of(folder).Images("val/panel")] == steps
    shown = run.curve("val/panel.path")
    assert [step for step, _ in shown] == steps
    for _, path in shown:
        (picture,) = folder.glob(f"wandb/offline-run-*/files/{path}")
        assert picture.stat().st_size > 1000
    assert {row["epoch"] for row in run.history if "val/panel.path" in row} == {0, 1}

    said = re.search(r"^upload: wandb (sync .*)$", result.out, re.MULTILINE)
    done = subprocess.run(
        f"{WANDB} {said[1]} --dry-run", shell=True, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert run.start["run_id"] in done.stdout + done.stderr


def test_a_continued_run_stays_one_run(command: Command, images: list[str]):
    both = "logger=[wandb,tensorboard]"
    first = command("train", *images, *SHORT, both, "trainer.max_epochs=1")
    early = first.folder / "checkpoints" / "early.ckpt"
    shutil.copy(first.folder / "checkpoints" / "last.ckpt", early)
    # The second attempt is thrown away, as after a kill: the third begins where the first ended.
    for _ in range(2):
        again = command("train", *images, *SHORT, both, f"ckpt_path={early}", "log_images=0")
        assert again.code == 0, again.err
    runs = offline_runs(first.folder)
    assert len(runs) == 3
    assert {run.start["run_id"] for run in runs} == {
        (first.folder / "wandb_id").read_text().strip()
    }
    assert [step for step, _ in curves_of(first.folder)["train/loss"]] == [0, 1, 2, 3]
    scalars = scalars_of(first.folder)
    for name in ("train/loss", "val/psnr"):
        assert scalars[name] == nearly(curves_of(first.folder)[name])


def test_runs_in_one_process_do_not_mix(command: Command, images: list[str]):
    wanted = ["logger=wandb", "logger.wandb.group=mine", "logger.wandb.name=one"]
    one = command("train", *images, *SHORT, *wanted, "log_images=0", run="one")
    bad = command(
        "train", *images, *SHORT, "logger=wandb", "clipping=none", "optim.lr=1e30", "log_images=0",
        run="bad",
    )  # fmt: skip
    checkpoint = f"ckpt_path={one.folder}/checkpoints/last.ckpt"
    scored = command("evaluate", *images, checkpoint, "logger=wandb", run="scored")
    assert (one.code, bad.code, scored.code) == (0, 2, 0), bad.err
    assert wandb.run is None
    ((a,), (b,), (c,)) = (offline_runs(r.folder) for r in (one, bad, scored))
    assert len({run.start["run_id"] for run in (a, b, c)}) == 3
    assert (a.start["run_group"], a.summary["name"]) == ("mine", "one")
    assert [run.start["job_type"] for run in (a, b, c)] == ["train", "train", "evaluate"]
    assert [run.summary["state"] for run in (a, b, c)] == ["finished", "failed", "finished"]
    assert b.summary["exit_code"] == 1
    assert bad.status["state"] == "failed"
    assert "test/psnr" not in b.summary["summary"]
    assert c.curve("test/psnr")
    assert any("panel.filenames" in row for row in c.history)


def test_what_fails_before_training_leaves_no_run(command: Command, images: list[str]):
    result = command("train", *images, *SHORT, "logger=wandb", "trainer.max_time=never")
    assert result.code == 2
    assert wandb.run is None
    assert offline_runs(result.folder) == []


def test_an_interrupted_run_is_marked(tmp_path: Path):
    logger = MetricLogger(save_dir=tmp_path, mode="offline")
    trainer = SimpleNamespace(loggers=[logger], callback_metrics={}, global_rank=0, world_size=1)

    def interrupted() -> None:
        with record_run(RunFolder(tmp_path), trainer):
            logger.log_metrics({"val/psnr": 30.0}, 1)
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        interrupted()
    assert wandb.run is None
    (run,) = offline_runs(tmp_path)
    assert run.summary["exit_code"] == 255  # W&B's for a run that was killed
    assert run.curve("val/psnr") == [(1, 30.0)]


def test_pictures_show_the_weights_that_are_scored(
    command: Command, images: list[str], monkeypatch: pytest.MonkeyPatch
):
    seen = []
    cut = pictures.cut_tiles

    def watched(network, *rest):
        assert not network.training
        seen.append({name: value.clone() for name, value in network.state_dict().items()})
        return cut(network, *rest)

    monkeypatch.setattr(pictures, "cut_tiles", watched)
    result = command(
        "train", *images, *TINY, "logger=tensorboard", "callbacks=ema", "callbacks.ema.decay=0.5"
    )
    assert result.code == 0, result.err
    assert len(seen) == 2  # not for the look before training
    saved = torch.load(result.folder / "checkpoints" / "last.ckpt", weights_only=True)
    for name, value in seen[-1].items():
        assert torch.equal(value, saved["state_dict"][f"network.{name}"])


def test_pictures_cost_nothing_without_a_tool_that_takes_them(
    command: Command, images: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pictures, "cut_tiles", lambda *_: pytest.fail("drawn for nobody"))
    assert command("train", *images, *SHORT).code == 0
    assert (
        command("train", *images, *SHORT, "logger=tensorboard", "log_images=0", run="2").code == 0
    )


@pytest.mark.parametrize(
    ("name", "axis", "summary"),
    [
        ("val/set5_x2/psnr_y", "epoch", "max,last"),
        ("val/gain", "epoch", "max,last"),
        ("val/set5_x2/lpips", "epoch", "min,last"),
        ("train/loss_content", "trainer/global_step", "min,last"),
        ("val/panel", "epoch", None),
        ("val/bicubic", "epoch", None),
    ],
)
def test_definitions(name: str, axis: str, summary: str | None):
    found = definition(name)
    assert found is not None
    assert found["step_metric"] == axis
    assert found.get("summary") == summary


def test_what_names_the_machine_is_not_logged():
    content = {
        "run_dir": "/runs/7",
        "data": {"root": "/mnt/sets", "train": ["T91", "/mnt/more"], "cache": "~/.cache/x"},
        "callbacks": {"best": {"dirpath": "/runs/7/checkpoints", "monitor": "val/psnr"}},
        "init_from": "/home/me/srresnet.ckpt",
        "seed": 3,
    }
    assert portable(content, Path("/runs/7")) == {
        "data": {"root": "sets", "train": ["T91", "more"], "cache": "~/.cache/x"},
        "callbacks": {"best": {"monitor": "val/psnr"}},
        "init_from": "srresnet.ckpt",
        "seed": 3,
    }


@pytest.mark.parametrize("name", ["test/psnr", "train/lr", "train/seconds", "epoch"])
def test_what_wandb_keeps_by_itself(name: str):
    assert definition(name) is None

"""Run folders as trainings leave them."""

import csv
import io
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

METRIC = "val/set5_x2/psnr_y"
STEPS = 10  # of an epoch
DIVERGED = "TrainingError: training diverged: the loss is nan in step 27 of this run"
DEAD = "TrainingError: the network is dead at step 30: no weight has a gradient any more"
FAILED = "RuntimeError: out of memory"


def make_run(
    folder: Path,
    values: Sequence[float] = (30.0, 31.0, 32.0),
    *,
    seed: int = 0,
    lr: float = 0.1,
    state: str = "finished",
    error: str | None = None,
    variant: str | None = None,
    seconds: bool = True,
    schema: int | None = 1,
    age: float = 0.0,
    changes: Mapping[str, Any] | None = None,
    protocol: str = "vdsr",
) -> Path:
    """A run of ten steps per epoch; ``values`` are its PSNR on Set5 x2 after each epoch."""
    folder.mkdir(parents=True)
    study = {"study": {"name": "tiny", "size": "mini", "variant": variant}} if variant else {}
    config = {
        "task_name": "train",
        "seed": seed,
        "run_dir": str(folder),
        "data": {"root": "data", "seed": seed, "patches": {"size": 41}},
        "patches": {"size": 41},
        "optim": {"_target_": "sr_experiments.training.optimizers.sgd", "lr": lr},
        "protocol": {"name": "vdsr", "channel": "y"},
        "model": {"_target_": "sr_experiments.models.VDSR", "depth": 8},
        **study,
        **(changes or {}),
    }
    typed = ["model=vdsr", f"optim.lr={lr}", f"seed={seed}", f"run_dir={folder}"]
    typed += [f"study.variant={variant}"] if variant else []
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "overrides.yaml").write_text(yaml.safe_dump(typed))
    environment = {"command": ["train.py"], "git": "abc", "packages": {"torch": "2.15.0"}}
    (folder / "environment.json").write_text(json.dumps(environment))
    done = state == "finished"
    (folder / "metrics.csv").write_text(_metrics(values, seconds, done))
    scores = {"test/set5_x2/psnr_y": values[-1], "test/psnr": values[-1]} if done else {}
    status = {"state": state, "seconds": 12.5, "metrics": scores, "error": error}
    status |= {} if schema is None else {"schema": schema}
    (folder / "status.json").write_text(json.dumps(status))
    if done:
        (folder / "results.csv").write_text(
            "benchmark,scale,images,psnr,ssim,bicubic_psnr,bicubic_ssim,gain,protocol\n"
            f"set5,2,5,{values[-1]},0.95,33.66,0.93,{values[-1] - 33.66},{protocol}\n"
        )
    if age:
        make_older(folder, age)
    return folder


def make_sweep(folder: Path) -> Path:
    """Two rates with three seeds; of 0.1, seed 1 diverged and seed 2 failed; of 0.01, 2 runs."""
    for number, (lr, seed) in enumerate((lr, seed) for lr in (0.1, 0.01) for seed in range(3)):
        base = 30 + seed / 10 + (lr == 0.01)
        ends: dict[str, Any] = {
            "1": {"state": "failed", "error": DIVERGED},
            "2": {"state": "failed", "error": FAILED},
            "5": {"state": "running"},
        }.get(str(number), {})
        make_run(folder / str(number), [base, base + 1, base + 2], seed=seed, lr=lr, **ends)
    (folder / "overrides.yaml").write_text(yaml.safe_dump(["model=vdsr", "optim.lr=0.1,0.01"]))
    return folder


def make_older(folder: Path, seconds: float) -> None:
    """Sets back the times of a folder's files."""
    when = time.time() - seconds
    for path in folder.iterdir():
        os.utime(path, (when, when))


def make_tiles(folder: Path, stems: Sequence[str], side: int = 16) -> None:
    """Tiles of random pixels, which hardly compress."""
    tiles = folder / "images" / "tiles"
    tiles.mkdir(parents=True)
    captions = {}
    rng = np.random.default_rng(0)
    for stem in stems:
        for kind in ("lr", "bicubic", "model", "original"):
            pixels = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tiles / f"{stem}.{kind}.png")
            captions[f"{stem}.{kind}.png"] = f"{kind}\n30.00 dB" if kind != "lr" else "LR\na.png"
    (tiles / "tiles.json").write_text(json.dumps(captions))


def _metrics(values: Sequence[float], seconds: bool, tested: bool) -> str:
    """Rows of training in the middle and at the end of each epoch, and of validation."""
    names = ["epoch", "step", METRIC, "test/psnr", "train/loss"]
    names += ["train/seconds"] if seconds else []
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for epoch, value in enumerate(values):
        last = STEPS * (epoch + 1) - 1
        for step in (last - STEPS // 2, last):
            writer.writerow({"epoch": epoch, "step": step, "train/loss": 1 / (step + 1)})
        row: dict[str, Any] = {"epoch": epoch, "step": last, METRIC: value}
        writer.writerow(row | ({"train/seconds": 2.0 * (epoch + 1)} if seconds else {}))
    if tested:
        end = {"epoch": len(values), "step": STEPS * len(values), "test/psnr": values[-1]}
        writer.writerow(end)
    return text.getvalue()

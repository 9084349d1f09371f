"""Reports to show: a realistic one and one with nothing in it."""

import base64
import io
import math

import numpy as np
from PIL import Image

from sr_experiments.report.content import (
    Cell,
    Configuration,
    Content,
    Lines,
    Metric,
    Picture,
    Results,
)

SEEDS = 3
#: Name, final PSNR, epochs needed, epochs between two validations.
CONFIGURATIONS = {
    "residual_0.1": ("residual, lr 0.1", 36.9, 3.0, 2),
    "residual_0.01": ("residual, lr 0.01", 36.7, 6.0, 2),
    "plain_0.1": ("non-residual, lr 0.1", 27.4, 9.0, 2),
    "plain_0.01": ("non-residual, lr 0.01", 30.3, 12.0, 5),
}


def sample_content() -> Content:
    """A study of four configurations and three seeds, one of whose runs diverged."""
    return Content(
        title="VDSR Table 1: residual against non-residual networks",
        lead="Does a global skip connection make a network of ten layers converge faster and end "
        "higher, on Set5 x2, at learning rates of 0.1 and 0.01?",
        created="2026-11-21T11:08:21+00:00",
        notes=[
            "One of twelve runs diverged (non-residual, lr 0.1, seed 2); its values are left out.",
            "One run is still going (non-residual, lr 0.01, seed 2).",
        ],
        claims=[
            {
                "text": "The residual network is superior to the non-residual one.",
                "verdict": "supports",
                "words": "36.90 ± 0.05 dB against 27.42 ± 0.41 dB after 20 epochs at 0.1.",
            },
            {
                "text": "A rate of 0.01 is always worse than 0.1.",
                "verdict": "contradicts",
                "words": "Without the skip connection 0.01 ends 2.9 dB higher.",
            },
            {
                "text": "Residual networks are not hurt by smaller rates.",
                "verdict": "cannot tell",
                "words": "The difference of 0.12 dB is smaller than its interval.",
            },
        ],
        configurations=[_configuration(key) for key in CONFIGURATIONS],
        metrics=[
            _metric("val/set5_x2/psnr_y", "PSNR on Set5 x2 (Y), dB", "higher"),
            _metric("train/loss", "training loss", "lower"),
        ],
        results=_results(),
        statistics=[
            {
                "configuration": "residual_0.1",
                "runs": "3 finished",
                "final": "36.90 ± 0.05",
                "best": "36.93 ± 0.04",
                "area": "35.81 ± 0.06",
                "to_target": "step 1200",
            },
            {
                "configuration": "residual_0.01",
                "runs": "3 finished",
                "final": "36.74 ± 0.09",
                "best": "36.80 ± 0.03",
                "area": "34.97 ± 0.11",
                "to_target": "step 2400 (seed 1: never)",
            },
            {
                "configuration": "plain_0.1",
                "runs": "2 of 3 finished, 1 diverged",
                "final": "27.42 ± 0.41",
                "best": "28.10 ± 0.35",
                "area": "24.20 ± 0.77",
                "to_target": "never",
            },
            {
                "configuration": "plain_0.01",
                "runs": "2 of 3 finished, 1 running",
                "final": "30.33",
                "best": "30.41",
                "area": "25.92",
                "to_target": "never",
            },
        ],
        statistics_note="Intervals: Student's t, 95 %. Target: 36.50 dB on Set5 x2.",
        pairs=["residual, lr 0.1 is 9.48 ± 0.45 dB above non-residual, lr 0.1 (3 seeds)."],
        pictures=[_picture("set5 butterfly x2", 48, 36), _picture("set5 woman x2", 40, 40)],
        runs=[
            {
                "configuration": key,
                "seed": str(seed),
                "state": _state(key, seed),
                "error": "the loss is not finite in step 27" if _diverged(key, seed) else "",
                "seconds": 200.0 + 13 * seed,
                "folder": f"multirun_sweeps/train/2026-11-21_10-12-03/{place * SEEDS + seed}",
            }
            for place, key in enumerate(CONFIGURATIONS)
            for seed in range(SEEDS)
        ],
        common={"model": "vdsr", "model.depth": "10", "data": "t91", "trainer.max_epochs": "20"},
        environment={
            "commit": "0f2a08f",
            "python": "3.11.9",
            "torch": "2.9.0",
            "cpu": {"name": "a processor with a long name", "cores": 2},
        },
        commands=[
            "python train.py -m experiment=vdsr_mini model.residual=true,false "
            "optim.lr=0.1,0.01 seed=0,1,2",
            "python report.py runs=[multirun_sweeps/train/2026-11-21_10-12-03]",
        ],
    )


def empty_content() -> Content:
    """A report of a sweep of which nothing has run yet."""
    return Content(
        title="Nothing yet",
        lead="",
        created="not a date",
        notes=[],
        claims=[],
        configurations=[],
        metrics=[],
        results=None,
        statistics=[],
        statistics_note="",
        pairs=[],
        pictures=[],
        runs=[],
        common={},
        environment={},
        commands=[],
    )


def _diverged(key: str, seed: int) -> bool:
    return key == "plain_0.1" and seed == 2


def _state(key: str, seed: int) -> str:
    if key == "plain_0.01" and seed == 2:
        return "running"
    return "diverged" if _diverged(key, seed) else "finished"


def _configuration(key: str) -> Configuration:
    states = [_state(key, seed) for seed in range(SEEDS)]
    kind, rate = key.split("_")
    return {
        "id": key,
        "name": CONFIGURATIONS[key][0],
        "values": {"model.residual": str(kind == "residual").lower(), "optim.lr": rate},
        "seeds": states.count("finished"),
        "states": {state: states.count(state) for state in sorted(set(states))},
    }


def _metric(name: str, label: str, better: str) -> Metric:
    lines = [_lines(key, loss=better == "lower") for key in CONFIGURATIONS]
    return {"name": name, "label": label, "better": better, "lines": lines}


def _lines(key: str, *, loss: bool) -> Lines:
    """Curves that rise (or fall) towards their end; the band of the last has no width."""
    _, final, needed, every = CONFIGURATIONS[key]
    noise = np.random.default_rng(len(key))
    epochs = np.arange(every, 21, every)
    rise = final - 14 * np.exp(-epochs / needed)
    clean = 0.02 + np.exp(-epochs / needed) if loss else rise
    spread = 0.02 if loss else 0.6
    runs = clean + spread * noise.standard_normal((SEEDS, len(epochs))) * np.exp(-epochs / 12)
    mean, half = runs.mean(axis=0), 2.5 * runs.std(axis=0, ddof=1) / math.sqrt(SEEDS)
    single = key == "plain_0.01"
    return {
        "configuration": key,
        "epoch": [float(epoch) for epoch in epochs],
        "step": [125.0 * epoch for epoch in epochs],
        "seconds": [None if epoch == every else 9.7 * epoch for epoch in epochs],
        "mean": mean.tolist(),
        "low": [None] * len(epochs) if single else (mean - half).tolist(),
        "high": [None] * len(epochs) if single else (mean + half).tolist(),
        "runs": {f"seed {seed}": runs[seed].tolist() for seed in range(1 if single else SEEDS)},
    }


def _cell(published: float | None, measured: float | None, verified: bool = True) -> Cell:
    return {
        "published": published,
        "verified": verified,
        "measured": measured,
        "half_width": None if measured is None else 0.05,
        "seeds": 0 if measured is None else 3,
        "note": "",
    }


def _results() -> Results:
    rows = {
        "bicubic": (None, [_cell(33.66, 33.66), _cell(None, 33.66)]),
        "residual, lr 0.1": ("residual_0.1", [_cell(36.9, 36.9), _cell(36.64, 36.98, False)]),
        "residual, lr 0.01": ("residual_0.01", [_cell(36.74, 36.62), _cell(36.87, 36.8, False)]),
        "non-residual, lr 0.1": ("plain_0.1", [_cell(27.42, 26.1), _cell(19.59, None, False)]),
        "non-residual, lr 0.01": ("plain_0.01", [_cell(30.33, 30.4), _cell(33.59, 9.8, False)]),
    }
    rows["non-residual, lr 0.1"][1][0]["note"] = "1 of 3 diverged"
    rows["non-residual, lr 0.1"][1][0]["seeds"] = 2
    rows["non-residual, lr 0.01"][1][0]["half_width"] = None
    rows["non-residual, lr 0.01"][1][0]["seeds"] = 1
    return {
        "caption": "PSNR on Set5 x2 in dB; published values: Kim et al., CVPR 2016, Table 1.",
        "columns": ["epoch 10", "epoch 20"],
        "digits": 2,
        "rows": [
            {"name": name, "configuration": configuration, "cells": cells}
            for name, (configuration, cells) in rows.items()
        ],
    }


def _picture(title: str, width: int, height: int) -> Picture:
    rows, columns = np.mgrid[:height, :width]
    names = ["LR", "bicubic", *(name for name, *_ in CONFIGURATIONS.values()), "original"]
    tiles = []
    for place, name in enumerate(names):
        red = 128 + 100 * np.sin(columns / (9 - place)) * np.cos(rows / (9 - place))
        pixels = np.stack([red, 255 * columns / width, np.full_like(red, 30 * place)], axis=-1)
        tiles.append({"name": name, "caption": f"{30 + place}.25 dB", "src": _png(pixels)})
    tiles[-1]["caption"] = ""
    return {"title": title, "width": width, "height": height, "tiles": tiles}


def _png(pixels: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"

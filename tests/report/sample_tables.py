"""Claims, statistics and results of the sample."""

from sr_experiments.report.content import Cell, Claim, Results, Statistic

CLAIMS: list[Claim] = [
    {
        "text": "The residual network is superior to the non-residual one.",
        "verdict": "shown",
        "words": "36.90 ± 0.05 dB against 27.42 ± 0.41 dB after 20 epochs at 0.1.",
    },
    {
        "text": "A rate of 0.01 is always worse than 0.1.",
        "verdict": "contradicted",
        "words": "Without the skip connection 0.01 ends 2.9 dB higher.",
    },
    {
        "text": "Residual networks are not hurt by smaller rates.",
        "verdict": "not shown",
        "words": "The difference of 0.12 dB is smaller than its interval.",
    },
]

STATISTICS: list[Statistic] = [
    {
        "variant": "residual_0.1",
        "runs": "3 finished",
        "final": "36.90 ± 0.05",
        "best": "36.93 ± 0.04",
        "area": "35.81 ± 0.06",
        "to_target": "step 1200",
    },
    {
        "variant": "residual_0.01",
        "runs": "3 finished",
        "final": "36.74 ± 0.09",
        "best": "36.80 ± 0.03",
        "area": "34.97 ± 0.11",
        "to_target": "step 2400 (seed 1: never)",
    },
    {
        "variant": "plain_0.1",
        "runs": "2 of 3 finished, 1 diverged",
        "final": "27.42 ± 0.41",
        "best": "28.10 ± 0.35",
        "area": "24.20 ± 0.77",
        "to_target": "never",
    },
    {
        "variant": "plain_0.01",
        "runs": "2 of 3 finished, 1 running",
        "final": "30.33",
        "best": "30.41",
        "area": "25.92",
        "to_target": "never",
    },
]


def _cell(published: float | None, measured: float | None, verified: bool = True) -> Cell:
    return {
        "published": published,
        "verified": verified,
        "measured": measured,
        "half_width": None if measured is None else 0.05,
        "seeds": 0 if measured is None else 3,
        "note": "",
    }


def results() -> Results:
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
            {"name": name, "variant": variant, "cells": cells}
            for name, (variant, cells) in rows.items()
        ],
    }

"""The curves of the sample."""

import math

import numpy as np

from sr_experiments.report.content import Lines, Metric
from tests.report.sample_runs import SEEDS, VARIANTS


def metric(name: str, label: str, better: str) -> Metric:
    lines = [_lines(key, loss=better == "lower") for key in VARIANTS]
    return {"name": name, "label": label, "better": better, "lines": lines}


def _lines(key: str, *, loss: bool) -> Lines:
    """Curves that rise (or fall) towards their end; the band of the last has no width."""
    _, final, needed, every = VARIANTS[key]
    noise = np.random.default_rng(len(key))
    epochs = np.arange(every, 21, every)
    rise = final - 14 * np.exp(-epochs / needed)
    clean = 0.02 + np.exp(-epochs / needed) if loss else rise
    spread = 0.02 if loss else 0.6
    runs = clean + spread * noise.standard_normal((SEEDS, len(epochs))) * np.exp(-epochs / 12)
    mean, half = runs.mean(axis=0), 2.5 * runs.std(axis=0, ddof=1) / math.sqrt(SEEDS)
    single = key == "plain_0.01"
    return {
        "variant": key,
        "epoch": [float(epoch) for epoch in epochs],
        "step": [125.0 * epoch for epoch in epochs],
        "seconds": [None if epoch == every else 9.7 * epoch for epoch in epochs],
        "mean": mean.tolist(),
        "low": [None] * len(epochs) if single else (mean - half).tolist(),
        "high": [None] * len(epochs) if single else (mean + half).tolist(),
        "runs": {f"seed {seed}": runs[seed].tolist() for seed in range(1 if single else SEEDS)},
    }

"""Reports of runs, and a study of two variants."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from sr_experiments.report.build import build_content, make_inputs
from sr_experiments.report.content import Content
from sr_experiments.runs.read import read_runs
from sr_experiments.studies.columns import Published
from sr_experiments.studies.study import Study, read_study
from tests.runs.folders import METRIC


def report(folder: Path, study: Study | None = None, **options: Any) -> Content:
    return build_content(make_inputs(read_runs([folder]), study, **options))


def tiny_study(**changes: Any) -> Study:
    fields: dict[str, Any] = {
        "name": "tiny",
        "title": "A tiny study",
        "source": "A paper",
        "metric": METRIC,
        "better": "higher",
        "target": None,
        "size": "tiny",
        "seeds": [0, 1, 2],
        "variant": None,
        "recipes": {"tiny": []},
        "variants": {"good": [], "bad": [], "never": []},
        "columns": {
            "half": {"metric": METRIC, "at": 0.5},
            "end": {"metric": "test/set5_x2/psnr_y", "at": None},
        },
        "published": [],
        "claims": [
            {"text": "Higher.", "compare": ["good", "bad"]},
            {"text": "Equal.", "compare": ["good", "bad"], "expect": "same", "margin": 0.1},
            {"text": "Faster.", "compare": ["good", "bad"], "metric": "speed", "expect": "faster"},
            {"text": "At half.", "compare": ["good", "bad"], "metric": "half"},
            {"text": "Never.", "compare": ["good", "never"]},
        ],
    }
    published: dict[str, list[Published | None]] = {
        "bicubic": [None, Published(33.66, verified=True)],
        "good": [Published(31.0, verified=True), Published(36.5, verified=False)],
        "never": [None, Published(40.0, verified=True)],
    }
    return replace(read_study(fields | changes), published=published)

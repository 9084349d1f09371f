"""The text of a page."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sr_experiments.report import render
from sr_experiments.report.content import Content
from sr_experiments.report.render import render_page
from tests.report.sample import empty_content, sample_content


def _embedded(content: Content) -> Any:
    pattern = r'<script type="application/json" id="content">(.*?)</script>'
    found = re.search(pattern, render_page(content))
    assert found
    return json.loads(found[1])


def test_content_is_embedded_and_values_that_are_not_finite_are_gaps() -> None:
    content = sample_content()
    content["metrics"][0]["lines"][0]["mean"][3] = float("nan")
    content["metrics"][0]["lines"][0]["high"][3] = float("inf")
    embedded = _embedded(content)
    mean, high = (embedded["metrics"][0]["lines"][0].pop(key) for key in ("mean", "high"))
    assert mean[3] is None
    assert high[3] is None
    assert mean[:3] == pytest.approx(content["metrics"][0]["lines"][0]["mean"][:3], rel=1e-6)
    assert embedded.pop("metrics")[0]["lines"][1]["epoch"][:2] == [2, 4]
    assert embedded["variants"][0] == {"id": "residual_0.1", "name": "residual, lr 0.1"}


def test_long_curves_stay_small() -> None:
    content = sample_content()
    curve = (30 + np.random.default_rng(0).standard_normal(400)).tolist()
    for lines in content["metrics"][0]["lines"]:
        lines.update(mean=curve, low=curve, high=curve, epoch=curve, step=curve, seconds=curve)
        lines["runs"] = {f"seed {seed}": curve for seed in range(3)}
    # Nine columns of 400 numbers of eight characters and a comma, four times.
    added = len(render_page(content)) - len(render_page(sample_content()))
    assert added < 4 * 9 * 400 * 10


def test_values_that_json_does_not_know_are_texts() -> None:
    content = empty_content()
    content["environment"] = {"folder": Path("a") / "b", "versions": (1, 2)}
    assert "<dt>folder</dt><dd>a/b</dd>" in render_page(content)


def test_whole_in_itself_and_small() -> None:
    text = render_page(sample_content())
    assert len(text.encode()) < 250_000
    assert "default-src 'none'" in text
    assert "Permission is hereby granted" in text
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text)


def test_no_asset_is_left_out() -> None:
    text = render_page(empty_content())
    assets = list((Path(render.__file__).parent / "page").iterdir())
    assert {file.suffix for file in assets} == {".js", ".css", ".j2", ".LICENSE"}
    for file in assets:
        assert file.suffix == ".j2" or file.read_text(encoding="utf-8") in text, file.name


def test_what_does_not_move_is_there_without_scripts() -> None:
    text = re.sub(r"<script.*?</script>", "", render_page(sample_content()), flags=re.DOTALL)
    for said in ("36.90 ± 0.05", "contradicted", "3 min 20 s", "✗ diverged", "+0.34"):
        assert said in text
    assert text.count("<figure>") == sum(len(p["tiles"]) for p in sample_content()["pictures"])

"""The text of a page."""

import copy
import json
import re
from pathlib import Path

from sr_experiments.report.page import render_page
from tests.report.sample import empty_content, sample_content


def test_diverged_values_are_gaps() -> None:
    content = sample_content()
    content["metrics"][0]["lines"][0]["mean"][3] = float("nan")
    content["metrics"][0]["lines"][0]["high"][3] = float("inf")
    text = render_page(content)
    found = re.search(r'<script type="application/json" id="content">(.*?)</script>', text)
    assert found
    expected = copy.deepcopy(sample_content())
    expected["metrics"][0]["lines"][0]["mean"][3] = None
    expected["metrics"][0]["lines"][0]["high"][3] = None
    assert json.loads(found[1]) == expected


def test_values_that_json_does_not_know_are_texts() -> None:
    content = empty_content()
    content["environment"] = {"folder": Path("a") / "b", "versions": (1, 2)}
    assert '"folder":"a/b","versions":[1,2]' in render_page(content)


def test_whole_in_itself_and_small() -> None:
    text = render_page(sample_content())
    assert len(text.encode()) < 250_000
    assert "default-src 'none'" in text
    assert "Permission is hereby granted" in text
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text)

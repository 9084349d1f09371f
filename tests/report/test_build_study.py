"""What a report says about a study, and about how fast its variants are."""

from pathlib import Path
from typing import Any

import pytest

from tests.report.reports import report, tiny_study
from tests.runs.folders import make_run, make_tiles


@pytest.fixture
def studied(tmp_path: Path) -> Path:
    """Three seeds of a good variant, and of a bad one that diverged once."""
    for seed in range(3):
        ends = [30.0, 32.0, 34.0, 36.0 + seed / 10]
        make_run(tmp_path / str(seed), ends, seed=seed, variant="good")
        lost: dict[str, Any] = {"state": "failed", "error": "training diverged: nan"}
        kept = lost if seed == 2 else {}
        low = [20.0, 22.0, 24.0, 26.0 + seed / 10]
        make_run(tmp_path / f"1{seed}", low, seed=seed, variant="bad", lr=0.2, **kept)
    return tmp_path


def test_a_study_brings_columns_published_values_and_verdicts(studied: Path) -> None:
    content = report(studied, tiny_study())
    assert content["title"] == "A tiny study"
    assert "in miniature" in content["lead"]
    rows = {row["name"]: row for row in content["results"]["rows"]} if content["results"] else {}
    assert list(rows) == ["bicubic", "good", "bad", "never"]
    assert rows["bicubic"]["cells"][1]["measured"] == 33.66
    half, end = rows["good"]["cells"]
    assert (half["published"], half["verified"], half["measured"]) == (31.0, True, 32.0)
    assert (end["published"], end["verified"], end["seeds"]) == (36.5, False, 3)
    assert end["measured"] == pytest.approx(36.1)
    assert rows["bad"]["cells"][1]["note"] == "1 of 3 diverged"
    assert rows["never"]["cells"][1] == {
        "published": 40.0, "verified": True, "measured": None, "half_width": None,
        "seeds": 0, "note": "no run",
    }  # fmt: skip
    verdicts = {claim["text"]: claim["verdict"] for claim in content["claims"]}
    assert verdicts == {
        "Higher.": "consistent with",
        "Equal.": "not shown",
        "Faster.": "consistent with",
        "At half.": "consistent with",
        "Never.": "not shown",
    }
    assert "There is no run of never." in content["claims"][-1]["words"]
    assert "Nothing can be shown with 3 pairs" in content["claims"][0]["words"]
    assert "after Holm's correction" in content["claims_note"]


def test_a_variant_that_ran_with_several_values_is_not_judged(studied: Path) -> None:
    make_run(studied / "99", variant="good", seed=5, lr=0.7)
    content = report(studied, tiny_study())
    assert content["claims"][0]["verdict"] == "not shown"
    assert "good lr=0.7" in content["claims"][0]["words"]


def test_a_target_says_where_it_comes_from(studied: Path) -> None:
    study = tiny_study(target=31.0)
    assert "31.00 (the study's)" in report(studied, study=study)["statistics_note"]
    assert "30.50 (as asked)" in report(studied, study=study, target=30.5)["statistics_note"]
    worst = report(studied, study=tiny_study())["statistics_note"]
    assert "(the worst final value of all, which all reach)" in worst


def test_the_row_beside_denoised_images_is_the_noisy_one(tmp_path: Path) -> None:
    noise = {"model": {"scales": [1]}, "degradation": {"sigma": 30}}
    make_run(tmp_path / "0", changes=noise)
    results = report(tmp_path)["results"]
    assert results is not None
    assert [row["name"] for row in results["rows"]] == ["noisy", "all runs"]
    make_tiles(tmp_path / "0", ["set5_a_x1"])
    captions = tmp_path / "0" / "images" / "tiles" / "tiles.json"
    captions.write_text(captions.read_text().replace("bicubic\\n", "noisy\\n"))
    (picture,) = report(tmp_path)["pictures"]
    assert [tile["name"] for tile in picture["tiles"]] == ["noisy", "all runs", "original"]


def test_speeds_that_only_tell_when_was_measured_are_not_compared(tmp_path: Path) -> None:
    make_run(tmp_path / "0", [33.0, 31.0, 32.0])
    rows = (make_run(tmp_path / "1", [33.0, 34.0], lr=0.2) / "metrics.csv").read_text()
    earlier = rows.replace("0,9,33.0", "0,8,33.0")  # a step earlier than the other run
    (tmp_path / "1" / "metrics.csv").write_text(earlier)
    ends, speed = report(tmp_path)["pairs"]
    assert "2.00 dB higher" in ends
    assert "cannot be told" in speed
    # Reached before the first measurement of one, and surely after that by the other.
    later = (tmp_path / "0" / "metrics.csv").read_text().replace("33.0", "30.0")
    (tmp_path / "0" / "metrics.csv").write_text(later)
    assert "lr=0.2 reaches the target 3.33x faster" in report(tmp_path)["pairs"][1]

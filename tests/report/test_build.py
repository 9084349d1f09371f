"""What a report says of runs in every condition."""

import json
from pathlib import Path

import pytest
from scipy import stats

from sr_experiments.report.labels import label
from sr_experiments.runs.metrics_file import SEEN
from tests.report.reports import report
from tests.runs.folders import METRIC, make_run, make_sweep, make_tiles


def test_a_sweep_with_lost_failed_and_running_jobs_is_told_as_it_is(tmp_path: Path) -> None:
    content = report(make_sweep(tmp_path / "sweep"))
    first, second = content["variants"]
    assert (first["name"], first["seeds"]) == ("lr=0.1", 1)
    assert first["states"] == {"finished": 1, "diverged": 1, "failed": 1}
    assert (second["name"], second["seeds"]) == ("lr=0.01", 2)
    assert second["states"] == {"finished": 2, "running": 1}
    said = "\n".join(content["notes"])
    assert "1 of 6 runs diverged" in said
    assert "counts against their variants: lr=0.1 seed 1" in said
    assert "1 of 6 runs failed: lr=0.1 seed 2" in said
    assert "out of memory" in said
    assert "1 of 6 runs is still running: lr=0.01 seed 2" in said
    assert content["statistics"][0]["runs"] == "1 of 3 finished, 1 diverged, 1 failed"
    assert content["statistics"][1]["final"] == "33.05 ± 0.64"
    assert [line["state"] for line in content["runs"]] == [
        "finished", "diverged", "failed", "finished", "finished", "running",
    ]  # fmt: skip
    assert "lr=0.01 ends higher than lr=0.1 in 2 of 2 pairs" in content["pairs"][0]


def test_a_long_error_is_cut_between_words(tmp_path: Path) -> None:
    error = f"no room. {'advice ' * 30}"
    make_run(tmp_path / "0", [30.0, 31.0], state="failed", error=error)
    make_run(tmp_path / "1", [30.0, 31.0], seed=1, state="failed", error="no room.")
    said = "\n".join(report(tmp_path)["notes"])
    assert "advice advice …)" in said
    assert "(no room)." in said


def test_curves_carry_students_interval(tmp_path: Path) -> None:
    values = [31.0, 31.4, 32.3]
    for seed, value in enumerate(values):
        make_run(tmp_path / str(seed), [30.0, value], seed=seed)
    content = report(tmp_path)
    metric = content["metrics"][0]
    assert (metric["name"], metric["label"]) == (METRIC, "PSNR on Set5 x2 (Y), dB")
    (line,) = metric["lines"]
    assert (line["epoch"], line["step"], line["seconds"]) == ([1, 2], [10, 20], [2, 4])
    low, high = stats.t.interval(0.95, 2, loc=sum(values) / 3, scale=stats.sem(values))
    assert line["low"][1] == pytest.approx(low, abs=1e-5)
    assert line["high"][1] == pytest.approx(high, abs=1e-5)
    assert line["runs"]["seed 2"] == [30.0, 32.3]
    assert content["metrics"][-1]["better"] == "lower"  # the loss


def test_one_seed_has_no_interval_and_says_so(tmp_path: Path) -> None:
    for number, lr in enumerate((0.1, 0.2)):
        make_run(tmp_path / str(number), lr=lr)
    content = report(tmp_path)
    assert content["metrics"][0]["lines"][0]["low"] == [None] * 3
    assert content["statistics"][0]["final"] == "32.00"
    assert any("may be chance" in note for note in content["notes"])


def test_without_a_study_the_test_sets_stand_beside_bicubic(tmp_path: Path) -> None:
    results = report(make_sweep(tmp_path / "s"))["results"]
    assert results
    assert results["columns"] == ["PSNR on Set5 x2 (Y)"]
    bicubic, first, second = results["rows"]
    assert (bicubic["name"], bicubic["variant"]) == ("bicubic", None)
    assert bicubic["cells"][0]["measured"] == 33.66
    assert first["cells"][0] == {
        "published": None, "verified": True, "measured": 32.0, "half_width": None,
        "seeds": 1, "note": "1 of 3 diverged, 1 of 3 failed",
    }  # fmt: skip
    assert second["cells"][0]["measured"] == pytest.approx(33.05)


def test_protocols_have_rows_of_their_own(tmp_path: Path) -> None:
    for number, name in enumerate(("vdsr", "vdsr with self_ensemble=true")):
        make_run(tmp_path / str(number), protocol=name)
    content = report(tmp_path)
    assert content["results"]
    assert [r["name"] for r in content["results"]["rows"][:2]] == [
        "bicubic (vdsr)",
        "bicubic (vdsr with self_ensemble=true)",
    ]
    assert any("(vdsr, vdsr with self_ensemble=true)" in note for note in content["notes"])


def test_a_run_that_is_not_yet_scored_has_no_protocol_of_its_own(tmp_path: Path) -> None:
    make_run(tmp_path / "0", protocol="vdsr with shave=0")
    make_run(tmp_path / "1", state="running", seed=1)
    assert not any("protocol" in note for note in report(tmp_path)["notes"])


def test_repeated_seeds_are_noted_and_not_averaged(tmp_path: Path) -> None:
    make_run(tmp_path / "old", [30.0, 50.0], age=100)
    make_run(tmp_path / "new", [30.0, 32.0])
    content = report(tmp_path)
    assert content["statistics"][0]["final"] == "32.00"
    assert any(
        "more than once with seed 0" in note and "/old (" in note for note in content["notes"]
    )
    assert len(content["runs"]) == 2


def test_unreadable_runs_are_counted(tmp_path: Path) -> None:
    make_run(tmp_path / "0")
    (make_run(tmp_path / "1", seed=1) / "status.json").write_text("{")
    content = report(tmp_path)
    assert any("1 of 2 runs cannot be read" in note for note in content["notes"])
    assert content["variants"][0]["states"] == {"finished": 1, "unreadable": 1}


def test_a_sweep_of_which_nothing_finished(tmp_path: Path) -> None:
    make_run(tmp_path / "0", [], state="running")
    content = report(tmp_path)
    assert content["notes"][0] == "No run has finished."
    assert content["results"] is None
    assert not content["metrics"] or not content["metrics"][0]["lines"]


def test_differing_surroundings_are_noted(tmp_path: Path) -> None:
    make_run(tmp_path / "0")
    other = make_run(tmp_path / "1", seed=1)
    (other / "environment.json").write_text('{"git": "abc", "packages": {"torch": "2.9"}}')
    content = report(tmp_path)
    assert content["environment"]["git"] == "abc"
    assert content["environment"]["packages.torch"] == "2.15.0 | 2.9"
    assert "Runs differ in packages.torch: 2.15.0, 2.9." in content["notes"]


def test_commands_repeat_sweeps_and_single_runs(tmp_path: Path) -> None:
    make_sweep(tmp_path / "sweep")
    make_run(tmp_path / "single")
    assert report(tmp_path)["commands"] == [
        "python train.py -m model=vdsr optim.lr=0.1,0.01",
        "python train.py model=vdsr optim.lr=0.1 seed=0",
    ]


def test_a_target_and_a_metric_can_be_chosen(tmp_path: Path) -> None:
    make_run(tmp_path / "0", [30.0, 31.0, 32.0])
    reached = report(tmp_path, target=30.5)["statistics"][0]["to_target"]
    never = report(tmp_path, target=40.0)["statistics"][0]["to_target"]
    assert (reached, never) == ("step 15", "never")
    loss = report(tmp_path, metric="train/loss")
    assert loss["metrics"][0]["name"] == "train/loss"
    assert loss["metrics"][0]["better"] == "lower"


def test_test_images_that_were_watched_are_noted(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0")
    assert not any("during training too" in note for note in report(tmp_path)["notes"])
    status = json.loads((folder / "status.json").read_text())
    status["metrics"][SEEN] = 5
    (folder / "status.json").write_text(json.dumps(status))
    assert any("during training too" in note for note in report(tmp_path)["notes"])


def test_long_curves_are_thinned_to_their_ends(tmp_path: Path) -> None:
    make_run(tmp_path / "0", [30 + n / 1000 for n in range(1000)])
    line = report(tmp_path)["metrics"][0]["lines"][0]
    assert len(line["step"]) == 400
    assert (line["step"][0], line["step"][-1]) == (10, 10000)
    assert line["runs"]["seed 0"] == line["mean"]


def test_pictures_come_from_one_seed_of_each_configuration(tmp_path: Path) -> None:
    stems = [f"set5_{name}_x2" for name in "abcdef"]
    for number, (lr, seed) in enumerate((lr, seed) for lr in (0.1, 0.2) for seed in (1, 0)):
        make_tiles(make_run(tmp_path / str(number), lr=lr, seed=seed), stems)
    pictures = report(tmp_path)["pictures"]
    assert len(pictures) == 4
    assert (pictures[0]["title"], pictures[0]["width"]) == ("set5 a x2", 16)
    names = [tile["name"] for tile in pictures[0]["tiles"]]
    assert names == ["LR", "bicubic", "lr=0.1", "lr=0.2", "original"]
    assert [tile["caption"] for tile in pictures[0]["tiles"][:3]] == ["", "30.00 dB", "30.00 dB"]
    assert pictures[0]["tiles"][2]["src"].startswith("data:image/png;base64,iVBOR")


def test_large_and_broken_pictures_are_left_out_with_a_note(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0")
    make_tiles(folder, ["set5_a_x2", "set5_b_x2", "set5_c_x2"], side=300)
    (folder / "images" / "tiles" / "set5_a_x2.model.png").write_bytes(b"no picture")
    content = report(tmp_path)
    assert [picture["title"] for picture in content["pictures"]] == []
    said = "\n".join(content["notes"])
    assert "set5_a_x2.model.png cannot be shown" in said
    assert "2 pictures are left out" in said


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("val/psnr", "PSNR over the validation sets, dB"),
        ("val/urban100_x4/ssim_rgb", "SSIM on Urban100 x4 (RGB)"),
        ("val/held_out_x3/psnr_y", "PSNR on held-out images x3 (Y), dB"),
        ("train/loss", "training loss"),
        ("test/my_set_x1.5/lpips", "LPIPS on My_set x1.5"),
    ],
)
def test_labels(metric: str, words: str) -> None:
    assert label(metric) == words

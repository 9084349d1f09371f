import json
import math

import pytest

from sr_experiments.cli.commands import verify

RECORDED = {"vdsr": {"train/loss at step 9": 2.0, "val/psnr at step 9": 30.0, "val/x/ssim_y": 0.9}}


def test_equal_numbers_are_accepted() -> None:
    assert all(value.equal for value in verify.compare(RECORDED, RECORDED))


@pytest.mark.parametrize(
    ("name", "least", "much"),
    [
        ("train/loss at step 9", 0.0015, 0.0025),
        ("val/psnr at step 9", 0.009, 0.011),
        ("val/x/ssim_y", 0.9e-4, 1.1e-4),
    ],
)
def test_differences_beyond_the_tolerance_are_found(name: str, least: float, much: float) -> None:
    for sign in (-1, 1):
        for difference, expected in ((least, True), (much, False)):
            found = {"vdsr": {**RECORDED["vdsr"], name: RECORDED["vdsr"][name] + sign * difference}}
            values = {v.name: v.equal for v in verify.compare(RECORDED, found)}
            assert values.pop(name) is expected
            assert all(values.values())


def test_a_number_that_is_missing_here_is_a_difference() -> None:
    values = verify.compare(RECORDED, {"vdsr": {}})
    assert not any(v.equal for v in values)
    assert all(math.isnan(v.here) for v in values)


def test_every_run_is_recorded() -> None:
    recorded = json.loads(verify._RECORD.read_text(encoding="utf-8"))
    assert recorded.keys() == verify._RUNS.keys()
    for values in recorded.values():
        assert any(name.startswith("test/psnr") for name in values)


@pytest.mark.slow
def test_this_machine_gives_the_recorded_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    found = {"vdsr": verify.run(verify._RUNS["vdsr"])}
    recorded = json.loads(verify._RECORD.read_text(encoding="utf-8"))
    different = [v for v in verify.compare({"vdsr": recorded["vdsr"]}, found) if not v.equal]
    assert not different

"""Published values beside scores."""

import pytest

from sr_experiments.evaluation.benchmark import Row
from sr_experiments.evaluation.published_table import print_published, published_lines


def row(benchmark: str, scale: float) -> Row:
    return Row(benchmark, scale, 5, psnr=30.0, ssim=0.9, bicubic_psnr=29.0, bicubic_ssim=0.8)


def test_methods_of_the_sets_and_scales_that_were_scored():
    lines = [line[:5] for line in published_lines([row("set5", 3)], "y", ["vdsr"])]
    assert ["set5", "x3", "VDSR", "33.66", "0.9213"] in lines
    assert ["set5", "x3", "x2", "30.42?", ""] in lines
    assert {line[1] for line in lines} == {"x3"}
    assert not any("residual" in line[2] for line in lines)  # a share of training, and of x2


def test_another_channel_or_set_has_other_values(capsys: pytest.CaptureFixture[str]):
    assert [line[3] for line in published_lines([row("div2k", 2)], "rgb", ["edsr"])] == [
        "34.44",
        "34.55",
    ]
    print_published([row("div2k", 2)], "y", ["edsr", "vdsr"])
    assert "published=edsr,vdsr: no value for these sets" in capsys.readouterr().out


def test_the_table_names_its_source(capsys: pytest.CaptureFixture[str]):
    print_published([row("set14", 4)], "y", ["vdsr"])
    assert "Kim et al., CVPR 2016, Table 3" in capsys.readouterr().out

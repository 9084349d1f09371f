"""Published values, against sums over rows and columns of the papers' tables and single cells.

The sums were added up from the tables, not from the files that are tested.
"""

from collections.abc import Iterable
from typing import Any

import pytest
import yaml

from sr_experiments.cli.config.files import conf_dir
from sr_experiments.studies.study import read_study

NAMES = sorted(p.stem for p in (conf_dir() / "study").glob("*.yaml") if p.stem != "base")


def read(name: str) -> dict[str, Any]:
    """A study as it is written, with its columns' headings and the published rows."""
    node = yaml.safe_load((conf_dir() / "study" / f"{name}.yaml").read_text())["study"]
    size = {"size": "paper", "seeds": [0], "variant": None, "better": "higher", "target": None}
    study = read_study({**size, "columns": None, "published": [], **node})
    rows = {
        method: [c and (c.value if c.verified else f"{c.value}?") for c in row]
        for method, row in study.published.items()
    }
    return {**node, "columns": list(study.columns), "published": rows}


def number(cell: float | str) -> float:
    return float(str(cell).removesuffix("?"))


def total(cells: Iterable[float | str | None]) -> float:
    return sum(number(cell) for cell in cells if cell is not None)


def column_sums(name: str, ending: str = "") -> list[float]:
    rows = [row for variant, row in read(name)["published"].items() if variant.endswith(ending)]
    return [total(column) for column in zip(*rows, strict=True)]


def row_sums(name: str) -> list[float]:
    return [total(row) for row in read(name)["published"].values()]


def close(values: list[float]):
    return pytest.approx(values, abs=1e-6)


@pytest.mark.parametrize(
    ("sigma", "sums"),
    [
        ("10", [309.79, 299.39, 8.4219, 8.3299]),
        ("30", [258.47, 247.91, 7.4488, 7.0599]),
        ("50", [236.82, 227.88, 6.7686, 6.2510]),
        ("70", [223.29, 215.82, 6.2745, 5.6940]),
    ],
)
def test_rednet_tables_1_and_2_by_level(sigma: str, sums: list[float]):
    assert column_sums("rednet_noise", sigma) == close(sums)


@pytest.mark.parametrize(
    ("method", "sums"),
    [
        ("BM3D", [113.40, 109.20, 3.1852, 3.0044]),
        ("EPLL", [112.77, 109.37, 3.1598, 3.0118]),
        ("NCSR", [113.00, 108.85, 3.1831, 2.9907]),
        ("PCLR", [114.24, 110.08, 3.2164, 3.0371]),
        ("PGPD", [113.67, 109.42, 3.1863, 2.9979]),
        ("WNNM", [114.35, 109.94, 3.2128, 3.0325]),
        ("red10", [115.05, 110.95, 3.2284, 3.0607]),
        ("red20", [115.79, 111.49, 3.2654, 3.0941]),
        ("red30", [116.10, 111.70, 3.2764, 3.1056]),
    ],
)
def test_rednet_tables_1_and_2_by_method(method: str, sums: list[float]):
    published = read("rednet_noise")["published"]
    rows = [row for variant, row in published.items() if variant.startswith(method)]
    assert len(rows) == 4
    assert [total(column) for column in zip(*rows, strict=True)] == close(sums)


def test_rednet_tables_3_to_5():
    psnr = [333.28, 297.81, 277.04, 293.25, 264.28, 248.03, 283.79, 256.94, 243.43]
    assert column_sums("rednet_sr")[:9] == close(psnr)
    assert total(column_sums("rednet_sr")[9:]) == close(8.2952 + 7.5478 + 7.2654)
    methods = [275.82, 275.61, 278.69, 274.81, 274.57, 275.69]
    assert row_sums("rednet_sr")[:6] == close(methods)
    published = read("rednet_sr")["published"]
    for depth, psnr_of_all in (("10", 279.64), ("20", 281.30), ("30", 281.72)):
        rows = [row[:9] for variant, row in published.items() if variant.startswith(f"red{depth}")]
        assert total(cell for row in rows for cell in row) == close(psnr_of_all)
    assert published["red30_x4"][8] == 27.40


def test_rednet_tables_6_and_7():
    published = read("rednet_blind")["published"]
    blind = [row for variant, row in published.items() if variant.startswith("blind")]
    assert total(cell for row in blind for cell in row) == close(233.1978)
    assert published["blind_70"] == [25.20, 24.36, 0.7157, 0.6544]
    specific = [row for variant, row in published.items() if variant.startswith("specific")]
    sums = [total(column) for column in zip(*specific, strict=True)]
    assert sums == close([116.10, 111.70, 3.2764, 3.1056])
    assert row_sums("rednet_blind_sr")[0] == close(288.5172)
    assert read("rednet_blind_sr")["published"]["specific_x2"][:4] == [37.66, None, None, 32.94]


def test_vdsr_table_2():
    assert column_sums("vdsr_scales") == close([272.55, 255.13, 237.87])
    assert row_sums("vdsr_scales") == close(
        [95.95, 91.67, 89.47, 99.01, 99.09, 96.61, 101.28, 92.47]
    )
    confirmed = {
        variant: [isinstance(c, float) for c in row]
        for variant, row in read("vdsr_scales")["published"].items()
    }
    assert confirmed["x2_x3_x4"] == [True, True, True]
    assert confirmed["x3_x4"] == [False, True, True]
    assert confirmed["x2"] == [True, False, False]


def test_vdsr_table_3():
    psnr = [333.47, 354.00, 352.95, 355.24, 356.01, 364.44]
    ssim = [9.4362, 9.9849, 9.9397, 10.0227, 10.0034, 10.1880]
    seconds = [0, 0, 0, 0, 0, 4.84]
    expected = [sum(sums) for sums in zip(psnr, ssim, seconds, strict=True)]
    assert row_sums("vdsr_sota") == close(expected)
    by_set = [217.42, 194.39, 180.98, 192.45, 173.94, 163.46, 186.37, 169.24, 160.56]
    by_set += [174.99, 156.17, 146.14]
    assert column_sums("vdsr_sota")[:12] == close(by_set)
    by_set = [5.7046, 5.4223, 5.1340, 5.4005, 4.8813, 4.4664, 5.2828, 4.6705, 4.2274]
    by_set += [5.3298, 4.7578, 4.2975]
    assert column_sums("vdsr_sota")[12:24] == close(by_set)
    published = read("vdsr_sota")["published"]
    assert all(str(cell).endswith("?") for cell in published["vdsr"][24:])
    assert [str(c).endswith("?") for c in published["SelfEx"][:12]] == [False] * 8 + [True] * 4


def test_network_deconvolution_in_edsr():
    sums = [138.515, 138.313, 125.054, 124.904]
    assert row_sums("deconv_edsr") == close(sums)
    columns = [76.028, 68.974, 67.154, 60.751, 64.387, 58.275, 69.259, 61.958]
    assert column_sums("deconv_edsr") == close(columns)


def test_srgan_table_1_and_the_blog():
    assert column_sums("srgan_losses") == close([152.44, 135.06, 4.3463, 3.8517])
    assert row_sums("srgan_losses") == close([62.2603, 59.3610, 59.1912, 57.8786, 57.0069])
    blog = read("srgan_backbones")["published"]
    assert [round(v, 2) for v in blog["vgg16"]] == [24.55, 0.71]
    assert [round(v, 2) for v in blog["resnext101_32x8d"]] == [24.25, 0.70]


@pytest.mark.parametrize("name", NAMES)
def test_claims_agree_with_the_published_values(name: str):
    """Where a source gives values for what it claims, they say the same."""
    study = read(name)
    columns, published = study["columns"], study["published"]
    for claim in study["claims"]:
        rows = [published.get(variant) for variant in claim["compare"]]
        if claim.get("metric") not in columns or None in rows:
            continue
        cells = [row[columns.index(claim["metric"])] for row in rows]
        difference = number(cells[0]) - number(cells[1])
        margin, expected = claim.get("margin", 0), claim.get("expect", "higher")
        if expected == "same":
            assert abs(difference) <= margin + 1e-9, claim["text"]
        else:
            assert expected in ("higher", "lower")
            assert (difference > margin) == (expected == "higher"), claim["text"]

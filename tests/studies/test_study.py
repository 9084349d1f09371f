"""What a study's file may say."""

from pathlib import Path
from typing import Any

import pytest

from sr_experiments.errors import ConfigError
from sr_experiments.studies.columns import Published
from sr_experiments.studies.study import read_study


def node(**changes: Any) -> dict[str, Any]:
    return {
        "name": "small",
        "title": "A small study",
        "source": "nobody",
        "metric": "val/psnr",
        "better": "higher",
        "target": None,
        "size": "tiny",
        "seeds": [0, 1],
        "variant": None,
        "recipes": {"paper": ["model=vdsr"], "tiny": ["model=vdsr", "model.depth=4"]},
        "variants": {"a": ["optim.lr=0.1"], "b": ["optim.lr=0.01"]},
        "columns": [{"sets": ["Set5"], "scales": [2]}],
        "published": [],
        "claims": [{"text": "a is better", "compare": ["a", "b"], "expect": "higher"}],
        **changes,
    }


def claim(**changes: Any) -> list[dict[str, Any]]:
    return [{"text": "a is better", "compare": ["a", "b"], **changes}]


def test_reads_one_size():
    study = read_study(node())
    assert study.recipe == ("model=vdsr", "model.depth=4")
    assert study.seeds == (0, 1)
    assert list(study.variants) == ["a", "b"]
    assert study.claims[0].metric == "end"
    assert read_study(node(size="paper")).recipe == ("model=vdsr",)


def test_columns_are_derived_from_sets_scales_and_metrics():
    blocks = [
        {"sets": ["Set5", "Set14"], "scales": [2, 3], "metrics": ["psnr_y", "ssim_y"]},
        {"sets": {"14 images": "set12"}, "scales": [1], "metrics": ["psnr_rgb", "seconds"]},
    ]
    columns = read_study(node(columns=blocks)).columns
    assert {heading: column.metric for heading, column in columns.items()} == {
        "Set5 x2": "test/set5_x2/psnr_y",
        "Set5 x3": "test/set5_x3/psnr_y",
        "Set14 x2": "test/set14_x2/psnr_y",
        "Set14 x3": "test/set14_x3/psnr_y",
        "Set5 x2 SSIM": "test/set5_x2/ssim_y",
        "Set5 x3 SSIM": "test/set5_x3/ssim_y",
        "Set14 x2 SSIM": "test/set14_x2/ssim_y",
        "Set14 x3 SSIM": "test/set14_x3/ssim_y",
        "14 images RGB": "test/set12_x1/psnr_rgb",
        "14 images seconds": "test/set12_x1/seconds",
    }
    assert columns["14 images RGB"].published_set == "14 images"


PAPER = """source,table,method,set,scale,metric,value,verified
Somebody,Table 1,A,Set5,2,psnr_y,36.9,true
Somebody,Table 1,bicubic,Set5,2,psnr_y,33.66,false
Somebody,Table 1,A,Set5,2,psnr_y@0.5,36.1,true
Somebody,Table 1,A,Set14,2,psnr_y,32.1,true
Somebody,Table 2,A,Set5,2,psnr_y,36.8,true
"""


@pytest.fixture
def paper(tmp_path: Path) -> str:
    (tmp_path / "paper.csv").write_text(PAPER)
    return str(tmp_path / "paper.csv")


def test_published_values_find_their_columns_and_arms(paper: str):
    published = [{"paper": paper, "tables": ["Table 1"]}]
    assert read_study(node(published=published)).published == {
        "a": [Published(36.9, verified=True)],
        "bicubic": [Published(33.66, verified=False)],
    }
    half = {"half": {"metric": "val/set5_x2/psnr_y", "at": 0.5}}
    changed = read_study(node(columns=half, published=published))
    assert changed.published == {"a": [Published(36.1, verified=True)]}


def test_published_values_of_methods_with_other_names(paper: str):
    published = [{"paper": paper, "tables": ["Table 2"], "methods": {"a": "A", "b": "A"}}]
    value = [Published(36.8, verified=True)]
    assert read_study(node(published=published)).published == {"a": value, "b": value}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tables": ["Table 9"]}, "has no table Table 9; it has Table 1, Table 2"),
        ({"sets": ["B100"]}, "has no set b100"),
        ({"methods": {"a": "C"}}, "has no method C"),
        ({"methods": {"c": "A"}}, "there is no variant c"),
        ({"paper": "vdsrr"}, "published=vdsrr: no such paper; known are .*vdsr"),
        ({"paper": "nowhere.csv"}, "published=nowhere.csv: no such file"),
    ],
)
def test_published_values_that_are_not_there(paper: str, changes: dict[str, Any], message: str):
    with pytest.raises(ConfigError, match=message):
        read_study(node(published=[{"paper": paper, **changes}]))


def test_an_arm_may_differ_between_sizes():
    variants = {"a": {"paper": ["optim.lr=0.1"], "tiny": ["optim.lr=0.2"]}, "b": ["optim.lr=0.01"]}
    assert read_study(node(variants=variants)).variants == {
        "a": ["optim.lr=0.2"],
        "b": ["optim.lr=0.01"],
    }
    assert read_study(node(variants=variants, size="paper")).variants["a"] == ["optim.lr=0.1"]


def test_an_arm_can_be_left_out_with_what_is_claimed_of_it():
    study = read_study(node(variants={"a": ["optim.lr=0.1"], "b": None}))
    assert list(study.variants) == ["a"]
    assert study.claims == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"claims": claim(compare=["a", "c"])}, r"study\.claims\.0: there is no variant c"),
        ({"claims": claim(compare=["a"])}, r"study\.claims\.0\.compare"),
        ({"claims": claim(metric="Set5")}, r"claims\.0: metric must be .*got Set5"),
        ({"claims": claim(expect="best")}, r"study\.claims\.0\.expect: .*'best'"),
        ({"claims": claim(margin=-1)}, r"study\.claims\.0\.margin"),
        ({"claims": claim(margn=1)}, r"study\.claims\.0\.margn"),
        ({"published": {"a": [36.9]}}, r"study\.published: .*list"),
        ({"size": "large"}, r"study\.size=large: small comes as paper or tiny"),
        ({"variants": {"lr 0.1": ["optim.lr=0.1"]}, "claims": []}, "got lr 0.1"),
        ({"variants": {}}, r"study\.variants"),
        ({"arms": {"a": []}}, r"study\.arms: is called study\.variants now"),
        (
            {"claims": [{"text": "x", "compare": ["a", "b"], "measure": "end"}]},
            r"study\.claims\.0\.measure: is called metric now",
        ),
        (
            {"variants": {"a": {"paper": []}, "b": []}},
            r"study\.variants\.a: has no overrides for .*tiny",
        ),
        ({"variants": {"a": None, "b": None}}, r"study\.variants: every variant is null"),
        ({"seeds": []}, r"study\.seeds"),
        ({"seeds": ["x"]}, r"study\.seeds\.0: .*'x'"),
        ({"better": "more"}, r"study\.better"),
        ({"columns": {"c": {"metric": "m", "at": 1.5}}}, r"study\.columns\.c\.at"),
        ({"sizes": ["tiny"]}, r"study\.sizes"),
    ],
)
def test_mistakes_are_named(changes: dict[str, Any], message: str):
    with pytest.raises(ConfigError, match=message) as caught:
        read_study(node(**changes))
    assert "\n" not in str(caught.value)

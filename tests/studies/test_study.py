"""What a study's file may say."""

from typing import Any

import pytest

from sr_experiments.errors import ConfigError
from sr_experiments.studies.study import read_study


def node(**changes: Any) -> dict[str, Any]:
    return {
        "name": "small",
        "title": "A small study",
        "source": "nobody",
        "metric": "val/psnr",
        "better": "higher",
        "target": None,
        "size": "mini",
        "seeds": [0, 1],
        "arm": None,
        "recipes": {"paper": ["model=vdsr"], "mini": ["model=vdsr", "model.depth=4"]},
        "arms": {"a": ["optim.lr=0.1"], "b": ["optim.lr=0.01"]},
        "columns": {"Set5 x2": {"metric": "test/set5_x2/psnr_y", "at": None}},
        "published": {"a": [36.9], "bicubic": ["33.66?"], "b": [None]},
        "claims": [{"text": "a is better", "compare": ["a", "b"], "expect": "higher"}],
        **changes,
    }


def claim(**changes: Any) -> list[dict[str, Any]]:
    return [{"text": "a is better", "compare": ["a", "b"], **changes}]


def test_reads_one_size():
    study = read_study(node())
    assert study.recipe == ("model=vdsr", "model.depth=4")
    assert study.seeds == (0, 1)
    assert list(study.arms) == ["a", "b"]
    assert study.claims[0].measure == "end"
    assert read_study(node(size="paper")).recipe == ("model=vdsr",)


def test_a_question_mark_says_that_the_source_was_not_at_hand():
    published = read_study(node()).published
    assert (published["a"][0].value, published["a"][0].verified) == (36.9, True)
    assert (published["bicubic"][0].value, published["bicubic"][0].verified) == (33.66, False)
    assert published["b"] == [None]


def test_an_arm_may_differ_between_sizes():
    arms = {"a": {"paper": ["optim.lr=0.1"], "mini": ["optim.lr=0.2"]}, "b": ["optim.lr=0.01"]}
    assert read_study(node(arms=arms)).arms == {"a": ["optim.lr=0.2"], "b": ["optim.lr=0.01"]}
    assert read_study(node(arms=arms, size="paper")).arms["a"] == ["optim.lr=0.1"]


def test_an_arm_can_be_left_out_with_what_is_claimed_of_it():
    study = read_study(node(arms={"a": ["optim.lr=0.1"], "b": None}))
    assert list(study.arms) == ["a"]
    assert study.claims == ()
    assert list(study.published) == ["a", "bicubic", "b"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"claims": claim(compare=["a", "c"])}, r"study\.claims\.0: there is no arm c"),
        ({"claims": claim(compare=["a"])}, r"study\.claims\.0\.compare"),
        ({"claims": claim(measure="Set5")}, r"claims\.0: measure must be .*got Set5"),
        ({"claims": claim(expect="best")}, r"study\.claims\.0\.expect: .*'best'"),
        ({"claims": claim(margin=-1)}, r"study\.claims\.0\.margin"),
        ({"claims": claim(margn=1)}, r"study\.claims\.0\.margn"),
        ({"published": {"a": [1.0, 2.0]}}, r"published\.a: has 2 values for 1 columns"),
        ({"published": {"a": ["about 3"]}}, r"study\.published: about 3 is no number"),
        ({"size": "large"}, r"study\.size=large: small comes as paper or mini"),
        ({"arms": {"lr 0.1": ["optim.lr=0.1"]}, "published": {}, "claims": []}, "got lr 0.1"),
        ({"arms": {}}, r"study\.arms"),
        ({"arms": {"a": {"paper": []}, "b": []}}, r"study\.arms\.a: has no overrides for .*mini"),
        ({"arms": {"a": None, "b": None}}, r"study\.arms: every arm is null"),
        ({"seeds": []}, r"study\.seeds"),
        ({"seeds": ["x"]}, r"study\.seeds\.0: .*'x'"),
        ({"better": "more"}, r"study\.better"),
        ({"columns": {"c": {"metric": "m", "at": 1.5}}}, r"study\.columns\.c\.at"),
        ({"sizes": ["mini"]}, r"study\.sizes"),
    ],
)
def test_mistakes_are_named(changes: dict[str, Any], message: str):
    with pytest.raises(ConfigError, match=message) as caught:
        read_study(node(**changes))
    assert "\n" not in str(caught.value)

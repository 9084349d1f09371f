"""CSVs of published values."""

import re
from pathlib import Path

import pytest

from sr_experiments.errors import ConfigError
from sr_experiments.published import papers, read_published

HEAD = "source,table,method,set,scale,metric,value,verified\n"


@pytest.mark.parametrize("paper", papers())
def test_every_paper_names_each_value_once(paper: str):
    values = read_published(paper)
    places = [(v.table, v.method, v.set, v.scale, v.metric) for v in values]
    assert len(places) == len({*places})
    for value in values:
        quality = re.fullmatch(r"(psnr|ssim|seconds)(?:_(?:y|rgb))?(?:@0\.\d+|@1)?", value.metric)
        assert quality, value
        low, high = {"psnr": (15, 45), "ssim": (0.5, 1), "seconds": (0, 10)}[quality[1]]
        assert low < value.value < high, value


def test_a_value_is_read_whole():
    value = next(v for v in read_published("vdsr") if v.table == "Table 3" and v.method == "VDSR")
    assert (value.source, value.set, value.scale) == ("Kim et al., CVPR 2016", "set5", 2.0)
    assert (value.metric, value.value, value.verified) == ("psnr_y", 37.53, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("method,value\nA,1\n", "the first line must be source,table,method"),
        (HEAD + "S,T,A,Set5,two,psnr_y,36.9,true\n", r":2: .* numbers, got two and 36\.9"),
        (HEAD + "S,T,A,Set5,2,psnr_y,,true\n", ":2: .* numbers"),
        (HEAD + "S,T,A,Set5,2,psnr_y,nan,true\n", ":2: .* numbers"),
        (HEAD + "S,T,A,Set5,2,psnr_y,36.9,yes\n", ":2: verified must be true or false, got yes"),
        (HEAD + "S,T,A,Set5,2,psnr_y,36.9\n", ":2: expected 8 values"),
        (HEAD + "S,T,A,Set5,2,psnr_y,36.9,true,x\n", ":2: expected 8 values"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, text: str, message: str):
    (tmp_path / "own.csv").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_published(str(tmp_path / "own.csv"))

"""What a run leaves behind."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from sr_experiments.cli.results import shown
from sr_experiments.data.image_set import image_set
from sr_experiments.models import VDSR


@pytest.mark.parametrize("panels", [1, 2, 3, 5, 20])
def test_no_picture_is_shown_twice(make_images, panels: int):
    folder = make_images("test", 3, 24, 24)
    images = image_set("test", Path(folder).parent, ["test"])
    network = VDSR((2, 3), depth=2, channels=2)
    items = shown(SimpleNamespace(benchmarks={"test": [images]}), network, panels)
    chosen = [(item["path"], item["scale"]) for item in items]
    assert len(set(chosen)) == len(chosen) == min(panels, 6)

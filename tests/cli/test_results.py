"""What a run leaves behind."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from pytorch_lightning.callbacks import Timer

from sr_experiments.cli.summary import print_shortened
from sr_experiments.data import GridPatches
from sr_experiments.data.evaluation_set import EvaluationSet
from sr_experiments.data.image_set import image_set
from sr_experiments.evaluation.results import panel_items


@pytest.mark.parametrize("count", [1, 2, 3, 5, 20])
def test_no_picture_is_shown_twice(make_images, count: int):
    folder = make_images("test", 3, 24, 24)
    images = image_set("test", Path(folder).parent, ["test"])
    data = SimpleNamespace(evaluation_set=lambda stage: EvaluationSet([images], (2, 3)))
    items = panel_items(data, count)
    chosen = [(item["path"], item["scale"]) for item in items]
    assert len(set(chosen)) == len(chosen) == min(count, 6)


def _told(capsys: pytest.CaptureFixture[str], choices: dict[str, str | None], *typed: str) -> str:
    patches = GridPatches(41, 41, 64, steps_per_epoch=125)
    data = SimpleNamespace(steps_per_epoch=4, batch_size=4, patches=patches)
    data.scales, data.train_scales = (2, 3, 4), (2, 3)
    trainer = SimpleNamespace(max_epochs=80, callbacks=[Timer("00:00:03:00")], is_global_zero=True)
    print_shortened(data, trainer, choices, typed)  # type: ignore[arg-type]
    return capsys.readouterr().out


def test_a_demo_says_what_it_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    demo = {"data": "demo", "experiment": None, "study": None}
    assert _told(capsys, demo, "model=vdsr", "optim.lr=0.1") == (
        "a demo: 80 epochs of 4 steps instead of 125, trained at x2, x3; full length: python "
        "train.py model=vdsr optim.lr=0.1 data.steps_per_epoch=null trainer.max_time=null "
        "data.batch_size=null data.train_scales=null\n"
    )
    assert _told(capsys, demo, "data.steps_per_epoch=4") == ""  # chosen by the user
    assert _told(capsys, demo | {"experiment": "vdsr_demo"}) == ""
    assert _told(capsys, demo | {"data": "sr291"}) == ""

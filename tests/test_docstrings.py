"""The examples in docstrings are true."""

import doctest
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from sr_experiments.inference.export import to_safetensors
from sr_experiments.models import VDSR
from tests.runs.folders import make_run

PACKAGE = Path(__file__).parents[1] / "sr_experiments"
MODULES = sorted(
    ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for file in PACKAGE.rglob("*.py")
    if re.search(r"^ *>>> ", file.read_text(encoding="utf-8"), re.MULTILINE)
)


@pytest.fixture
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What examples read: a photograph, a small network by export.py and by torch, and a sweep."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.asarray(data.astronaut())[:96, 160:288]).save("photo.png")
    about = '{"_target_": "sr_experiments.models.VDSR", "scales": [2, 3, 4], "depth": 3, '
    about += '"channels": 4}'
    network = VDSR(depth=3, channels=4).eval()
    Path("vdsr.safetensors").write_bytes(to_safetensors(network, {"model": about})[0])
    torch.save(network.state_dict(), "vdsr_state.pth")
    jobs = [(lr, seed) for lr in (0.1, 0.01) for seed in (0, 1)]
    for number, (lr, seed) in enumerate(jobs):
        end = 33 + seed / 5 - (lr == 0.01) / 2
        sweep = Path("multirun_sweeps/train/sweep")
        make_run(sweep / str(number), [end - 2, end - 1, end], seed=seed, lr=lr)


@pytest.mark.usefixtures("_files")
@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    result = doctest.testmod(import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted
    assert not result.failed

"""Exported networks compute what the originals do, at any size."""

from pathlib import Path

import pytest
import skimage
import torch

from sr_experiments.inference.export import (
    TOLERANCES,
    WRITERS,
    largest_difference,
    read_metadata,
    to_safetensors,
)
from sr_experiments.models import VDSR
from tests.models.test_networks import build, every_network

PHOTOGRAPH = Path(skimage.__file__).parent / "data" / "astronaut.png"


@every_network
@pytest.mark.parametrize("kind", ["torch_export", "onnx"])
def test_every_network_is_exported_with_free_sizes(name: str, kind: str):
    if kind == "onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
    network = build(name).eval()
    content, run = WRITERS[kind](network, {"architecture": name})
    assert largest_difference(network, run, PHOTOGRAPH) < TOLERANCES["float32"]
    assert name.encode() in content


def test_another_network_is_noticed():
    _, run = to_safetensors(build("vdsr").eval(), {})
    torch.manual_seed(5)
    assert largest_difference(VDSR(depth=4, channels=8).eval(), run) > TOLERANCES["float32"]


def test_safetensors_say_what_they_hold(tmp_path: Path):
    content, run = to_safetensors(build("hran").eval(), {"scale": "3"})
    (tmp_path / "a.safetensors").write_bytes(content)
    (tmp_path / "b.pth").write_bytes(b"PK")
    assert read_metadata(tmp_path / "a.safetensors") == {"scale": "3"}
    assert read_metadata(tmp_path / "b.pth") == {}
    assert largest_difference(build("hran").eval(), run) == 0

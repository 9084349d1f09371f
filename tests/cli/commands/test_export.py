"""export.py: a checked file that predict.py takes back, with a card."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors import safe_open

from sr_experiments.cli.load import load
from sr_experiments.imaging import load_image
from sr_experiments.models import VDSR
from tests.cli.conftest import Command
from tests.conftest import smooth_image

MODEL = {"_target_": "sr_experiments.models.VDSR", "scales": [2], "depth": 3, "channels": 4}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder as of a run of train.py."""
    folder = tmp_path / "run"
    (folder / "checkpoints").mkdir(parents=True)
    network = VDSR((2,), 3, 4)
    state = {f"network.{k}": v for k, v in network.state_dict().items()}
    config = {"model": MODEL, "seed": 7, "data": {"root": "data", "train": ["T91"]}}
    torch.save({"config": config, "state_dict": state}, folder / "checkpoints" / "last.ckpt")
    (folder / "config.yaml").write_text(json.dumps(config))
    (folder / "overrides.yaml").write_text("[model.depth=3]")
    status = {"state": "finished", "seconds": 7200, "metrics": {"test/set5_x2/psnr_y": 36.5}}
    (folder / "status.json").write_text(json.dumps(status))
    return folder


def test_what_is_exported_restores_as_the_run_does(command: Command, tmp_path: Path, run: Path):
    Image.fromarray(smooth_image(20, 24)).save(tmp_path / "a.png")
    made = tmp_path / "made" / "vdsr.safetensors"
    result = command("export", f"weights={run}", f"output={made}")
    assert result.code == 0, result.err
    assert "differs by at most 0.0e+00" in result.out
    results = []
    for weights in (run, made):
        given = f"input={tmp_path / 'a.png'}", f"output={tmp_path / 'b.png'}", "overwrite=true"
        assert command("predict", f"weights={weights}", *given).code == 0
        results.append(load_image(tmp_path / "b.png"))
    assert torch.equal(*results)
    card = made.with_suffix(".md").read_text()
    for words in (
        "# vdsr: VDSR",
        "python train.py model.depth=3",
        "['T91']; licence: no explicit licence (Yang",
        "seed 7",
        "finished, 2.00 hours of training",
        "| test/set5_x2/psnr_y | 36.5000 |",
        f"python predict.py weights={made}",
    ):
        assert words in card


def test_sixteen_bits_and_what_the_file_brings(command: Command, tmp_path: Path, run: Path):
    """Weights in float16 are half the size; network, protocol and degradation come along."""
    path = run / "checkpoints" / "last.ckpt"
    content = torch.load(path)
    content["config"]["protocol"] = {"name": "vdsr", "shave": 3}
    content["config"]["degradation"] = {"sigma": 5.0}
    torch.save(content, path)
    sizes = []
    for dtype in ("float32", "float16"):
        made = tmp_path / f"{dtype}.safetensors"
        result = command("export", f"weights={run}", f"output={made}", f"dtype={dtype}")
        assert result.code == 0, result.err
        with safe_open(made, "pt") as file:
            sizes.append(sum(file.get_tensor(k).nbytes for k in file.keys()))  # noqa: SIM118
            assert json.loads(file.metadata()["protocol"])["shave"] == 3
            assert json.loads(file.metadata()["degradation"])["sigma"] == 5.0
    assert sizes[0] == 2 * sizes[1]
    exact, half = load(run), load(made)
    x = torch.rand(1, 1, 20, 20)
    assert 0 < (exact(x) - half(x)).abs().max() < 1e-3
    assert {p.dtype for p in half.parameters()} == {torch.float32}
    refused = command("export", f"weights={run}", "output=a", "dtype=float16", "format=onnx")
    assert "dtype=float16: is for format=safetensors alone" in refused.err


def test_formats_and_refusals(
    command: Command, tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
):
    output = tmp_path / "a.pt2"
    given = f"weights={run}", f"output={output}"
    assert "format: expected safetensors, onnx or" in command("export", *given, "format=jit").err
    assert command("export", *given, "format=torch_export").code == 0
    program = torch.export.load(output).module()
    assert program(torch.rand(1, 1, 31, 45)).shape == (1, 1, 31, 45)
    refused = command("export", *given, "format=torch_export")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "a.pt2: exists; overwrite=true replaces it" in refused.err
    none = command("export", "weights=bicubic", f"output={tmp_path / 'b'}", "model.scales=[2]")
    assert "there is no network to export" in none.err
    monkeypatch.setattr("sr_experiments.cli.commands.export.largest_difference", lambda *_: 2e-4)
    wrong = command("export", *given, "overwrite=true")
    assert "the copy differs by 2.0e-04 of 1 from the network" in wrong.err
    assert sorted(p.name for p in tmp_path.glob("*.*")) == ["a.md", "a.pt2"]


def test_a_file_that_asks_for_other_code_is_refused(command: Command, tmp_path: Path):
    from safetensors.torch import save_file

    path = tmp_path / "evil.safetensors"
    for model, words in (
        ({"_target_": "os.system"}, "its network is 'os.system', which is none of"),
        ({**MODEL, "deconv": {"_target_": "os.system"}}, "are no plain values"),
    ):
        save_file({"a": torch.zeros(1)}, path, {"model": json.dumps(model)})
        result = command("predict", f"weights={path}", "input=a.png", "output=b.png")
        assert words in result.err
        assert len(result.err.splitlines()) == 1

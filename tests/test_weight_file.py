"""A file that holds no weights is named for what it is, in one line without torch's words."""

import argparse
import pickle
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from sr_experiments.errors import CheckpointError
from sr_experiments.inference.checkpoints import read_checkpoint
from sr_experiments.inference.weights import load_weights
from sr_experiments.weight_file import read_weight_file

PICKLED = (
    r"holds pickled Python objects \(torch\.nn\.modules\.conv\.Conv2d\).*model\.state_dict\(\)"
)
CUT = "is cut off or damaged; get or write it anew"


class Calls:
    """Runs code where it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("owned",))


def saved(content: Any, path: Path, **options: Any) -> bytes:
    torch.save(content, path, **options)
    return path.read_bytes()


def weights() -> dict[str, torch.Tensor]:
    return {"conv.weight": torch.arange(900.0), "conv.bias": torch.zeros(3)}


def make(kind: str, path: Path) -> None:
    """Writes a file of this kind."""
    old = {"_use_new_zipfile_serialization": False}
    conv = nn.Conv2d(1, 1, 3)
    match kind:
        case "module":
            saved(conv, path)
        case "old module":
            saved(conv, path, **old)
        case "arguments":
            saved({"state_dict": weights(), "args": argparse.Namespace(lr=1)}, path)
        case "call":
            saved({"state_dict": Calls()}, path)
        case "pickle":
            path.write_bytes(pickle.dumps(weights()))
        case "script":
            torch.jit.script(conv).save(str(path))
        case "cut":
            path.write_bytes(saved(weights(), path)[:-200])
        case "half":
            content = saved(weights(), path)
            path.write_bytes(content[: len(content) // 2])
        case "old cut":
            path.write_bytes(saved(weights(), path, **old)[:-20])
        case "cut safetensors":
            save_file(weights(), path)
            path.write_bytes(path.read_bytes()[:-5])
        case "flipped":
            content = bytearray(saved(weights(), path))
            content[content.find(weights()["conv.weight"].numpy().tobytes()[800:900])] ^= 1
            path.write_bytes(content)
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("# A heading\n\nThis is the manual.\n" * 99)
        case "page":
            path.write_text("<!DOCTYPE html><title>Not found</title>")
        case "pointer":
            path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
        case "noise":
            path.write_bytes(bytes(range(140, 256)) * 9)
        case "matlab":
            path.write_bytes(b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(200))
        case "npz":
            with path.open("wb") as file:
                np.savez(file, a=np.zeros(3))
        case "zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("weights.pth", b"1")
        case "tar":
            with tarfile.open(path, "w:gz"):
                pass
        case "folder":
            path.mkdir()


KINDS = {
    "module": PICKLED,
    "old module": PICKLED,
    "arguments": r"\(argparse\.Namespace\)",
    "call": r"holds pickled Python objects \(print\)",
    "pickle": r"is a pickle, which runs code .*model\.state_dict\(\)",
    "script": r"is a TorchScript program; with model = torch\.jit\.load\(\.\.\.\), torch\.save",
    "cut": CUT,
    "half": CUT,
    "old cut": CUT,
    "cut safetensors": CUT,
    "flipped": r"is damaged: the checksum of '.*' is wrong",
    "empty": "is empty; get or write it anew",
    "text": "is text, no weights",
    "page": "is a web page",
    "pointer": "run git lfs pull",
    "noise": "is of an unknown kind, no weights",
    "matlab": "is a MATLAB file; read it with scipy",
    "npz": "is a zip archive, none of torch",
    "zip": "is a zip archive, none of torch",
    "tar": "is compressed with gzip; unpack it",
    "folder": "is a folder; name the file of weights in it",
    "missing": "no such file",
}


@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_file_is_instead(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "model.pth"
    make(kind, path)
    capsys.readouterr()
    for read in (read_weight_file, load_weights, read_checkpoint):
        with pytest.raises(CheckpointError, match=KINDS[kind]) as caught:
            read(path)
        message = str(caught.value)
        assert message.startswith(f"{path}: ")
        assert message.isprintable()  # no line breaks and no escape sequences
        assert len(message) - len(str(path)) < 220
        assert not {"weights_only", "PytorchStreamReader", "WeightsUnpickler"} & {*message.split()}
    assert capsys.readouterr().out == ""


def test_the_content_decides_and_not_the_ending(tmp_path: Path):
    torch.save(weights(), tmp_path / "a.safetensors")
    save_file(weights(), tmp_path / "b.pth")
    torch.save(weights(), tmp_path / "c", _use_new_zipfile_serialization=False)
    for name in ("a.safetensors", "b.pth", "c"):
        assert torch.equal(read_weight_file(tmp_path / name)["conv.weight"], torch.arange(900.0))

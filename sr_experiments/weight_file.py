"""What a file of weights holds, or in one line why it holds none; no code in it is run."""

import re
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from sr_experiments.errors import CheckpointError

_AS_TENSORS = "torch.save(model.state_dict(), 'weights.pth')"
_AGAIN = "get or write it anew"
_TORCH_BEFORE_1_6 = b"l\xfc\x9cF\xf9 j\xa8P\x19"  # its magic number

# How files begin that people take for weights, what they are, and what to do.
_OTHERS = (
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself; run git lfs pull"),
    (b"<", "a web page or XML, not the file itself; download that"),
    (b"\x1f\x8b", "compressed with gzip; unpack it"),
    (b"BZh", "compressed with bzip2; unpack it"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it"),
    (b"Rar!", "a RAR archive; unpack it"),
    (b"MATLAB", "a MATLAB file; read it with scipy.io.loadmat and save its tensors by their names"),
    (b"\x89HDF", "an HDF5 file, as of Keras or MATLAB; save its tensors by their names"),
    (b"\x93NUMPY", "a NumPy array; save tensors by their names"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
)


def read_weight_file(path: Path) -> Any:
    """The content of a file of `torch.save` or safetensors, on the processor.

    Args:
        path: the file; its first bytes tell which kind it is, not its name.

    Raises:
        CheckpointError: there is no such file, it is damaged, or it is of another kind.
    """
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise CheckpointError(f"{path}: is a folder; name the file of weights in it") from None
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror}") from None
    if problem := _problem(path, head):
        raise CheckpointError(f"{path}: {problem}")
    try:
        if head[8:9] == b"{":
            return load_file(path)
        with path.open("rb") as file:  # or torch goes by the name's ending
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # unpicklers raise almost anything on a broken file
        raise CheckpointError(f"{path}: {_refusal(error)}") from None


def _problem(path: Path, head: bytes) -> str:
    """What is wrong with a file as far as its bytes tell; empty: nothing."""
    if not head:
        return f"is empty; {_AGAIN}"
    if head.startswith(b"PK\x03\x04"):
        return _problem_of_archive(path)
    if head[8:9] == b"{" or _TORCH_BEFORE_1_6 in head[:20]:
        return ""
    if re.match(rb"\x80[\x02-\x05]", head):
        return f"is a pickle, which runs code when it is read; where it was made: {_AS_TENSORS}"
    for beginning, kind in _OTHERS:
        if head.startswith(beginning):
            return f"is {kind}"
    kind = "is text" if _is_text(head) else "is of an unknown kind"
    return f"{kind}, no weights; expected a file of torch.save or safetensors"


def _problem_of_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [Path(name).name for name in archive.namelist()]
            # torch leaves the checksums unread, and would load damaged tensors as they are.
            damaged = archive.testzip()
    except (OSError, EOFError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return f"is cut off or damaged; {_AGAIN}"
    if damaged:
        return f"is damaged: the checksum of {damaged!a} is wrong; {_AGAIN}"
    if "constants.pkl" in names:
        return f"is a TorchScript program; with model = torch.jit.load(...), {_AS_TENSORS}"
    return "" if "data.pkl" in names else "is a zip archive, none of torch.save; unpack it"


def _refusal(error: Exception) -> str:
    """Why a file that looks like weights could not be read, in words of one's own."""
    text = str(error)
    if "Unsupported global" not in text and "Unsupported class" not in text:
        return f"is cut off or damaged; {_AGAIN}"
    found = re.search(r"GLOBAL ([\w.]{1,80})\s", text, re.ASCII)
    return (
        f"holds pickled Python objects{f' ({found.group(1)})' if found else ''}, which run code "
        f"when they are read, instead of plain tensors; where it was made: {_AS_TENSORS}"
    )


def _is_text(head: bytes) -> bool:
    return head.isascii() and not re.search(rb"[\x00-\x08\x0e-\x1f]", head)

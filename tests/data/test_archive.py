import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sr_experiments.data.prepare.archive import extract
from sr_experiments.errors import ImageError

EVIL = ["../evil.png", "/tmp/evil.png", "a/../../evil.png", "..\\evil.png", "C:\\evil.png"]


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


WRITERS = pytest.mark.parametrize(
    ("write", "name"), [(write_zip, "set.zip"), (write_tar, "set.tar.gz")]
)
Writer = Callable[[Path, dict[str, bytes]], Path]


@WRITERS
def test_images_land_in_their_folders(tmp_path: Path, write: Writer, name: str) -> None:
    members = {
        "top/T91/a.png": b"1",
        "top/T91/b.png": b"22",
        "top/T91/Thumbs.db": b"x",
        "__MACOSX/top/T91/._a.png": b"x",
        "top/other/c.png": b"333",
    }
    source = write(tmp_path / name, members)
    count = extract(source, {"T91": "*/T91/*.png", "rest": "*/other/*"}, tmp_path / "out")
    assert count == {"T91": 2, "rest": 1}
    found = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    assert found == {"T91/a.png", "T91/b.png", "rest/c.png"}
    assert (tmp_path / "out" / "T91" / "b.png").read_bytes() == b"22"


@WRITERS
@pytest.mark.parametrize("evil", EVIL)
def test_no_path_leaves_the_target(tmp_path: Path, write: Writer, name: str, evil: str) -> None:
    (tmp_path / "in").mkdir()
    source = write(tmp_path / "in" / name, {"T91/a.png": b"1", evil: b"2"})
    with pytest.raises(ImageError, match="leads out of the target folder"):
        extract(source, {"T91": "*.png"}, tmp_path / "out")
    outside = [*tmp_path.rglob("*evil*"), *Path("/tmp").glob("evil.png")]
    assert outside == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    with tarfile.open(tmp_path / "set.tar", "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            info = tarfile.TarInfo("T91/link.png")
            info.type = kind
            info.linkname = str(secret)
            archive.addfile(info)
    assert extract(tmp_path / "set.tar", {"T91": "*.png"}, tmp_path / "out") == {"T91": 0}


@WRITERS
def test_broken_archives_are_named(tmp_path: Path, write: Writer, name: str) -> None:
    source = write(tmp_path / name, {"T91/a.png": bytes(100_000)})
    source.write_bytes(source.read_bytes()[:-40])
    with pytest.raises(ImageError, match=rf"{name}: broken archive .*delete it"):
        extract(source, {"T91": "*.png"}, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("[!.]*.png"))


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    source = write_zip(tmp_path / "set.zip", {"T91/a.png": bytes(1000)})
    content = bytearray(source.read_bytes())
    content[200] ^= 1
    source.write_bytes(content)
    with pytest.raises(ImageError, match="broken archive"):
        extract(source, {"T91": "*.png"}, tmp_path / "out")


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    source = write_zip(tmp_path / "set.zip", {"T91/a.png": b"12", "T91/b.png": b"34"})
    out = tmp_path / "out" / "T91"
    out.mkdir(parents=True)
    (out / "a.png").write_bytes(b"xy")  # of the right size
    (out / "b.png").write_bytes(b"x")
    extract(source, {"T91": "*/T91/*"}, tmp_path / "out")
    assert (out / "a.png").read_bytes() == b"xy"
    assert (out / "b.png").read_bytes() == b"34"


def test_folders_are_sources_too(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "T91"
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes(b"1")
    assert extract(tmp_path / "in", {"T91": "*/T91/*"}, tmp_path / "out") == {"T91": 1}
    assert extract(folder, {"T91": "*/T91/*"}, tmp_path / "two") == {"T91": 1}

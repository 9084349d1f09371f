import hashlib
import os
from itertools import pairwise
from pathlib import Path

import pytest

from sr_experiments.data.prepare.download import RemoteFile, download, numbered
from sr_experiments.errors import ImageError
from tests.data.loopback import Loopback

CONTENT = os.urandom(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sr_experiments.data.prepare.download.time.sleep", lambda _: None)


@pytest.fixture
def remote(server: Loopback) -> RemoteFile:
    (server.folder / "set.zip").write_bytes(CONTENT)
    return RemoteFile(f"{server.url}/set.zip", len(CONTENT), SHA256)


def test_a_file_is_fetched_once(server: Loopback, remote: RemoteFile, tmp_path: Path) -> None:
    for _ in range(2):
        download([remote], tmp_path)
    assert (tmp_path / "set.zip").read_bytes() == CONTENT
    assert server.requests == [("/set.zip", None)]
    assert not list(tmp_path.glob("*.part"))


def test_dropped_connections_are_taken_up(
    server: Loopback, remote: RemoteFile, tmp_path: Path
) -> None:
    server.drop_after = 70_000
    download([remote], tmp_path)
    assert (tmp_path / "set.zip").read_bytes() == CONTENT
    starts = [int(asked[6:-1]) if asked else 0 for _, asked in server.requests]
    assert starts[0] == 0
    gains = [after - before for before, after in pairwise(starts)]
    assert all(70_000 - (1 << 14) <= gain <= 70_000 for gain in gains)


def test_a_server_without_ranges_starts_again(
    server: Loopback, remote: RemoteFile, tmp_path: Path
) -> None:
    server.ranges = False
    (tmp_path / "set.zip.part").write_bytes(CONTENT[:1000])
    download([remote], tmp_path)
    assert (tmp_path / "set.zip").read_bytes() == CONTENT


def test_an_earlier_part_goes_on(server: Loopback, remote: RemoteFile, tmp_path: Path) -> None:
    (tmp_path / "set.zip.part").write_bytes(CONTENT[:1000])
    download([remote], tmp_path)
    assert server.requests == [("/set.zip", "bytes=1000-")]
    assert (tmp_path / "set.zip").read_bytes() == CONTENT


def test_a_complete_part_needs_no_more(
    server: Loopback, remote: RemoteFile, tmp_path: Path
) -> None:
    (tmp_path / "set.zip.part").write_bytes(CONTENT)
    download([remote], tmp_path)
    assert (tmp_path / "set.zip").read_bytes() == CONTENT


def test_a_part_of_another_version_is_thrown_away(
    server: Loopback, remote: RemoteFile, tmp_path: Path
) -> None:
    (tmp_path / "set.zip.part").write_bytes(bytes(1000))
    download([remote], tmp_path)
    assert (tmp_path / "set.zip").read_bytes() == CONTENT
    (tmp_path / "set.zip").unlink()
    (tmp_path / "set.zip.part").write_bytes(bytes(400_000))  # longer than the file
    download([remote], tmp_path)
    assert (tmp_path / "set.zip").read_bytes() == CONTENT


@pytest.mark.parametrize("bad", [CONTENT[:-1] + b"?", CONTENT[:-5], b""])
def test_wrong_bytes_are_refused(
    server: Loopback, remote: RemoteFile, tmp_path: Path, bad: bytes
) -> None:
    (server.folder / "set.zip").write_bytes(bad)
    with pytest.raises(ImageError, match=r"(SHA-256 is|bytes instead of).*put it at .*set\.zip"):
        download([remote], tmp_path)
    assert not list(tmp_path.glob("set.zip"))
    (server.folder / "set.zip").write_bytes(CONTENT)
    download([remote], tmp_path)
    assert (tmp_path / "set.zip").read_bytes() == CONTENT


def test_all_unreachable_files_are_named(server: Loopback, tmp_path: Path) -> None:
    dead = RemoteFile("http://127.0.0.1:9/dead.zip")
    with pytest.raises(ImageError) as caught:
        download([RemoteFile(f"{server.url}/none.zip"), dead], tmp_path)
    lines = str(caught.value).splitlines()
    assert f"none.zip (HTTP status 404); fetch it in another way, put it at {tmp_path}" in lines[0]
    assert "dead.zip (the server cannot be reached" in lines[1]
    assert all("run the same command again" in line for line in lines)


def test_a_server_that_gives_nothing_is_given_up(
    server: Loopback, remote: RemoteFile, tmp_path: Path
) -> None:
    server.drop_after = 0
    with pytest.raises(ImageError, match="could not fetch"):
        download([remote], tmp_path)
    assert len(server.requests) < 20


def test_a_file_put_there_by_hand_is_taken(server: Loopback, tmp_path: Path) -> None:
    (tmp_path / "none.zip").write_bytes(CONTENT)
    download([RemoteFile(f"{server.url}/none.zip")], tmp_path)
    assert server.requests == []


def test_numbered_addresses() -> None:
    assert numbered("http://a/kodim{01..03}.png") == [f"http://a/kodim0{n}.png" for n in (1, 2, 3)]
    assert numbered("http://a/b.zip") == ["http://a/b.zip"]

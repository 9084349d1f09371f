"""Downloads that can be interrupted at any moment."""

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import requests
from filelock import FileLock
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from sr_experiments.errors import ImageError, UserError

_CHUNK = 1 << 14  # what a broken connection loses
_TRIES = 5  # without a single new byte
_PATIENCE = 30.0  # seconds without an answer
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")

Report = Callable[[int, int | None], None]


class RemoteFile(NamedTuple):
    """A file on the web.

    Attributes:
        url: its address.
        bytes: its size; None: not known.
        sha256: its checksum; None: none was published.
    """

    url: str
    bytes: int | None = None
    sha256: str | None = None

    @property
    def name(self) -> str:
        """The name of the file."""
        return unquote(urlsplit(self.url).path).rsplit("/", 1)[-1]


def numbered(url: str) -> list[str]:
    """``kodim{01..24}.png`` -> 24 addresses; any other address alone."""
    found = _RANGE.search(url)
    if not found:
        return [url]
    first, last = found.groups()
    numbers = range(int(first), int(last) + 1)
    return [_RANGE.sub(f"{n:0{len(first)}d}", url, count=1) for n in numbers]


def download(files: Sequence[RemoteFile], folder: Path) -> None:
    """Fetches the files that are not there yet, several at a time, with a progress bar.

    A file has its final name once it is whole and its size and checksum are right; until then it is
    called ``.part``, and a later call goes on where it ended.

    Raises:
        ImageError: a file could not be fetched; says where to put it by hand.
    """
    missing = [file for file in files if not (folder / file.name).exists()]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with (
        Progress(*columns, TransferSpeedColumn()) as progress,
        ThreadPoolExecutor(max_workers=4) as pool,
    ):

        def fetch(file: RemoteFile) -> UserError | None:
            task = progress.add_task(file.name, total=file.bytes)
            try:
                _fetch(file, folder, lambda n, of: progress.update(task, completed=n, total=of))
            except UserError as error:
                return error
            return None

        errors = [error for error in pool.map(fetch, missing) if error]
    if errors:
        raise ImageError("\n".join(map(str, errors)))


def _fetch(file: RemoteFile, folder: Path, report: Report) -> None:
    final, part = folder / file.name, folder / f"{file.name}.part"
    with FileLock(folder / f"{file.name}.lock"):
        if final.exists():
            return
        resumed = part.exists()
        problem = _receive(file, part, report) or _wrong(file, part)
        if problem and resumed and not part.exists():
            # What was there may have been of another version of the file: once from the start.
            problem = _receive(file, part, report) or _wrong(file, part)
        if problem:
            raise ImageError(
                f"could not fetch {file.url} ({problem}); fetch it in another way, put it at "
                f"{final} and run the same command again"
            )
        part.replace(final)


def _receive(file: RemoteFile, part: Path, report: Report) -> str | None:
    """Appends to the part until it is complete; what went wrong otherwise."""
    tries = 0
    while True:
        have = part.stat().st_size if part.exists() else 0
        try:
            if _receive_once(file, part, have, report):
                return None
            problem = "the connection ended early"
        except requests.RequestException as error:
            problem = _reason(error)
            status = error.response.status_code if error.response is not None else 500
            if 400 <= status < 500 and status not in (408, 429):
                return problem
        grown = part.exists() and part.stat().st_size > have
        tries = 0 if grown else tries + 1
        if tries == _TRIES:
            return problem
        time.sleep(0 if grown else min(2.0**tries / 4, 10))


def _receive_once(file: RemoteFile, part: Path, have: int, report: Report) -> bool:
    """One connection; whether the file is complete now."""
    # Servers may not compress what is already an archive, or sizes would not agree.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with requests.get(file.url, headers=headers, stream=True, timeout=_PATIENCE) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            total = answer.headers.get("Content-Range", "").rpartition("/")[2]
            if total.isdigit() and int(total) == have:
                return True
            part.unlink()
            return False
        answer.raise_for_status()
        goes_on = answer.status_code == requests.codes.partial_content
        have = have if goes_on else 0
        length = answer.headers.get("Content-Length")
        total_bytes = have + int(length) if length else file.bytes
        with part.open("ab" if goes_on else "wb") as out:
            for chunk in answer.iter_content(_CHUNK):
                out.write(chunk)
                have += len(chunk)
                report(have, total_bytes)
        return total_bytes is None or have >= total_bytes


def _wrong(file: RemoteFile, part: Path) -> str | None:
    """Compares a complete file with what is known of it, and removes a wrong one."""
    size = part.stat().st_size
    problem = None
    if file.bytes is not None and size != file.bytes:
        problem = f"the server sent {size} bytes instead of {file.bytes}"
    elif file.sha256 is not None:
        with part.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != file.sha256:
            problem = f"SHA-256 is {found} instead of {file.sha256}"
    if problem:
        part.unlink()
    return problem


def _reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"HTTP status {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "the server cannot be reached or closed the connection"
    return " ".join(str(error).split())

"""The page in a browser."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.cli.page.test_enlarge import picture

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
MILLISECONDS = 120_000  # the first picture waits for the weights


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    typed = [f"port={port}", "show=false", "max_megabytes=1", "max_megapixels=1"]
    with subprocess.Popen(
        [sys.executable, ROOT / "app.py", *typed],
        cwd=tmp_path_factory.mktemp("app"),
        # by which NiceGUI takes itself to be tested
        env={k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as served:
        url = f"http://127.0.0.1:{port}"
        for _ in range(1200):
            assert served.poll() is None, served.communicate()[0]
            try:
                requests.get(url, timeout=60)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield url
        served.send_signal(signal.SIGINT)
        printed, _ = served.communicate(timeout=60)
    assert printed.startswith(f"{url} until Ctrl-C")
    assert "Traceback" not in printed


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    troubles: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    page.on("request", lambda r: troubles.append(r.url) if _is_foreign(r.url, address) else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.set_default_timeout(MILLISECONDS)
    page.goto(address)
    yield page
    context.close()
    assert troubles == []


def _is_foreign(url: str, address: str) -> bool:
    return not url.startswith((address, address.replace("http", "ws", 1), "data:", "blob:"))


def give(page: Page, place: str, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "image/png", "buffer": content}
    page.set_input_files(f".{place} input[type=file]", files=[file])
    if name.endswith(".png"):
        expect(page.locator(f".{place}")).to_contain_text(name)


def enlarge(page: Page, scale: str) -> None:
    page.get_by_label("Scale").fill(scale)
    page.get_by_role("button", name="Enlarge").click()


def test_a_picture_comes_back_larger_and_is_forgotten_afterwards(page: Page, address: str):
    give(page, "picture", "small.png", picture("small.png", (30, 20)).content)
    give(page, "original", "large.png", picture("large.png", (60, 40)).content)
    enlarge(page, "2")
    expect(page.get_by_role("status")).to_have_text(
        "small.png: 30 x 20 -> 60 x 40", timeout=MILLISECONDS
    )
    expect(page.get_by_text("vdsr10_x2: ")).to_contain_text(" dB, SSIM ")
    with page.expect_download() as download:
        page.get_by_text("Download the result").click()
    assert download.value.suggested_filename == "small_vdsr10_x2.png"
    assert Image.open(download.value.path()).size == (60, 40)
    left = page.locator(".compare .left")
    bicubic = left.get_attribute("src")
    page.get_by_label("the picture itself").click()
    expect(left).to_have_attribute("alt", "given")
    page.locator(".compare input").fill("10")
    assert "10%" in page.locator(".compare").get_attribute("style")
    answer = requests.get(f"{address}{bicubic}", timeout=60)
    assert Image.open(io.BytesIO(answer.content)).size == (60, 40)
    assert answer.headers["Cache-Control"] == "no-store"
    page.goto("about:blank")
    for _ in range(600):
        if requests.get(f"{address}{bicubic}", timeout=60).status_code == 404:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the picture is still served")


def test_mistakes_are_said_and_the_next_picture_is_restored(page: Page):
    page.get_by_role("button", name="Enlarge").click()
    expect(page.get_by_text("Give a picture first")).to_be_visible()
    give(page, "picture", "huge.jpg", bytes(2**20 + 1))
    expect(page.get_by_text("One image of at most 1 MB")).to_be_visible()
    give(page, "picture", "text.png", b"text")
    enlarge(page, "2")
    expect(page.get_by_role("status")).to_contain_text(
        "error: text.png: broken or not an image", timeout=MILLISECONDS
    )
    give(page, "picture", "good.png", picture().content)
    enlarge(page, "3")
    expect(page.get_by_role("status")).to_contain_text(
        "good.png: 20 x 12 -> 60 x 36", timeout=MILLISECONDS
    )


def test_pages_wait_for_each_other(page: Page, browser: Browser, address: str):
    other = browser.new_page()
    other.goto(address)
    for each in (page, other):
        give(each, "picture", "photo.png", picture("photo.png", (300, 300)).content)
    enlarge(page, "2")
    enlarge(other, "2")
    for each in (page, other):
        expect(each.get_by_role("status")).to_have_text(
            "photo.png: 300 x 300 -> 600 x 600", timeout=MILLISECONDS
        )
    other.close()


def test_other_names_of_this_machine_do_not_get_in(address: str):
    answer = requests.get(address, headers={"Host": "example.com"}, timeout=60)
    assert answer.status_code == 400

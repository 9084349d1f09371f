from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from sr_experiments.report.content import Content
from sr_experiments.report.render import render_page
from tests.report.looking import SCREENS, Show


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Show]:
    """Opens a report; afterwards there must have been no error, and no request but the file's."""
    troubles: list[str] = []
    contexts = []

    def open_page(content: Content, scheme: str = "light", screen: str = "desktop") -> Page:
        width, height = SCREENS[screen]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        page = context.new_page()
        file = tmp_path / "report.html"
        file.write_text(render_page(content), encoding="utf-8")
        page.on("console", lambda message: _hear(message, troubles))
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("request", lambda request: _note(request.url, file, troubles))
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


def _note(url: str, file: Path, troubles: list[str]) -> None:
    if url != file.as_uri() and not url.startswith("data:"):
        troubles.append(f"request: {url}")


def _hear(message: ConsoleMessage, troubles: list[str]) -> None:
    if message.type == "error":
        troubles.append(f"console: {message.text}")

"""Every reader, and every text: screens, schemes, assistive technology, hostile names."""

import pytest

from sr_experiments.report.content import Content
from tests.report.looking import SCREENS, Show, drawn
from tests.report.sample import empty_content, sample_content

HOSTILE = "</script><img src=x onerror=\"document.title='broken'\"><!--<script>&amp;'"


def _hostile(value: object) -> object:
    """Every text of a report, replaced; pictures and names of states and verdicts stay."""
    if isinstance(value, str):
        return value if value.startswith("data:") else HOSTILE
    if isinstance(value, list):
        return [_hostile(part) for part in value]
    if isinstance(value, dict):
        return {key: _hostile(part) for key, part in value.items()}
    return value


def test_hostile_texts_are_shown_as_texts(show: Show) -> None:
    content: Content = _hostile(sample_content())  # type: ignore[assignment]
    content["common"] = {HOSTILE: HOSTILE}
    content["environment"] = {HOSTILE: {HOSTILE: HOSTILE}}
    page = show(content)
    drawn(page)
    assert page.title() == HOSTILE
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("script").count() == 2
    assert page.locator("img:not([src^='data:'])").count() == 0
    for section in ("findings", "statistics", "results", "pictures", "runs", "setup", "repeat"):
        assert HOSTILE in page.locator(f"#{section}").inner_text()


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("content", [sample_content(), empty_content()], ids=["sample", "empty"])
def test_accessible_and_within_the_screen(
    show: Show, content: Content, scheme: str, screen: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = show(content, scheme, screen)
    page.wait_for_timeout(100)
    for details in page.locator("details").all():
        details.locator("summary").click()
    report = axe.Axe().run(page)
    assert report.violations_count == 0, report.generate_report()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= SCREENS[screen][0]


def test_nothing_yet_is_a_page(show: Show) -> None:
    page = show(empty_content())
    assert "no curves" in page.locator("#curves").inner_text()
    assert page.locator("#results, #pictures, #findings, #setup, #repeat").count() == 0
    assert "not a date" in page.locator("header").inner_text()

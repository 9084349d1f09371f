"""The pictures of a page, and its commands."""

import re

import pytest
from playwright.sync_api import Page

from tests.report.looking import Show
from tests.report.sample import sample_content


def _border(page: Page) -> float:
    """Where the left picture is cut off, in percent of the stage."""
    clip = page.locator(".stage .left").evaluate("(image) => getComputedStyle(image).clipPath")
    found = re.search(r"inset\(0(?:px)? (?:calc\(100% - ([\d.]+)%\)|([\d.]+)%)", clip)
    assert found, clip
    return float(found[1]) if found[1] else 100 - float(found[2])


def test_slider_moves_by_key_and_by_mouse(show: Show) -> None:
    page = show(sample_content())
    slider = page.locator(".stage input")
    assert _border(page) == 50
    slider.press("ArrowRight")
    assert _border(page) == 51
    slider.press("Home")
    assert _border(page) == 0
    slider.scroll_into_view_if_needed()
    box = page.locator(".stage").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 50, steps=5)
    page.mouse.up()
    assert _border(page) == pytest.approx(80, abs=2)


def test_pictures_and_tiles_are_chosen(show: Show) -> None:
    content = sample_content()
    page = show(content)
    sides = page.locator(".stage img")  # right, then left, which lies over it

    def sources() -> list[str | None]:
        return [sides.nth(1).get_attribute("src"), sides.nth(0).get_attribute("src")]

    tiles = content["pictures"][0]["tiles"]
    assert sources() == [tiles[1]["src"], tiles[-2]["src"]]  # bicubic and the last restored one
    page.get_by_label("Left", exact=True).select_option(label="LR")
    page.get_by_label("Right", exact=True).select_option(label="original")
    assert sources() == [tiles[0]["src"], tiles[-1]["src"]]
    page.get_by_label("Picture", exact=True).select_option(label="set5 woman x2")
    other = content["pictures"][1]["tiles"]
    assert sources() == [other[1]["src"], other[-2]["src"]]
    small = page.locator(".tiles:visible img")
    assert small.count() == len(other)
    for image in small.all():
        assert image.evaluate("(image) => image.naturalWidth") == 40
        assert image.evaluate("(image) => getComputedStyle(image).imageRendering") == "pixelated"


@pytest.mark.parametrize("clipboard", [True, False])
def test_commands_are_copied(show: Show, clipboard: bool) -> None:
    content = sample_content()
    page = show(content)
    if clipboard:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    else:
        page.evaluate("() => { delete Navigator.prototype.clipboard }")
        page.evaluate("() => { document.execCommand = () => false }")
    row = page.locator(".command").first
    row.get_by_role("button").click()
    row.get_by_role("status").filter(has_text="copied" if clipboard else "press Ctrl+C").wait_for()
    read = "navigator.clipboard.readText()" if clipboard else "getSelection().toString()"
    assert page.evaluate(f"() => {read}") == content["commands"][0]

"""What can be changed about the curves."""

import pytest

from tests.report.looking import BLUE, Show, drawn, pixels_of
from tests.report.sample import sample_content


@pytest.mark.parametrize("axis", ["step", "seconds"])
def test_x_axis_switches(show: Show, axis: str) -> None:
    page = show(sample_content())
    before = drawn(page)
    page.get_by_label("Over", exact=True).select_option(axis)
    assert drawn(page) != before
    # The first measurement has no seconds; the rest still shows.
    assert pixels_of(page, BLUE) > 100


def test_axes_without_values_are_not_offered(show: Show) -> None:
    content = sample_content()
    for lines in content["metrics"][0]["lines"]:
        lines["seconds"] = [None] * len(lines["seconds"])
    page = show(content)
    options = page.get_by_label("Over", exact=True).locator("option")
    assert options.all_inner_texts() == ["epochs", "optimizer steps"]
    page.get_by_label("Metric", exact=True).select_option(label="training loss")
    assert options.all_inner_texts() == ["epochs", "optimizer steps", "seconds of training"]


@pytest.mark.parametrize("switch", ["Log x", "Log y", "Single runs"])
def test_switches_change_the_curves_and_back(show: Show, switch: str) -> None:
    page = show(sample_content())
    before = drawn(page)
    page.get_by_label(switch).check()
    assert drawn(page) != before
    page.get_by_label(switch).uncheck()
    assert drawn(page) == before


def test_smoothing_is_off_until_asked_for(show: Show) -> None:
    page = show(sample_content())
    before = drawn(page)
    slider = page.get_by_label("Smoothing")
    assert slider.input_value() == "0"
    slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "0.05"
    assert drawn(page) != before
    assert "Smoothed" in page.locator("#curves").inner_text()


def test_moving_average_weighs_all_values_alike_at_first(show: Show) -> None:
    page = show(sample_content())
    smoothed = page.evaluate("() => smooth([4, null, 1, 1], 0.5)")
    # By hand: 4; gap; (4 * 1 + 1 * 2) / 3; (4 * 1 + 1 * 2 + 1 * 4) / 7.
    assert smoothed == [4, None, pytest.approx(2), pytest.approx(10 / 7)]


def test_drag_zooms_and_the_button_resets(show: Show) -> None:
    page = show(sample_content())
    before = drawn(page)
    reset = page.get_by_role("button", name="Reset zoom")
    assert reset.is_disabled()
    page.locator("#curves").scroll_into_view_if_needed()
    box = page.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 250, steps=4)
    page.mouse.up()
    assert drawn(page) != before
    page.mouse.move(0, 0)
    reset.click()
    assert drawn(page) == before


def test_keys_zoom_the_curves(show: Show) -> None:
    page = show(sample_content())
    before = drawn(page)
    frame = page.locator(".frame")
    frame.press("+")
    zoomed = drawn(page)
    frame.press("ArrowRight")
    assert len({before, zoomed, drawn(page)}) == 3
    frame.press("0")
    assert drawn(page) == before

"""What the curves show."""

import pytest
from playwright.sync_api import Page

from tests.report.looking import BLUE, DARK_BLUE, VERMILION, Show, drawn, pixels_of
from tests.report.sample import sample_content


def test_legend_hides_and_shows_a_configuration(show: Show) -> None:
    page = show(sample_content())
    button = page.get_by_role("button", name="residual, lr 0.1", exact=True)
    before = drawn(page)
    blue, vermilion = pixels_of(page, BLUE), pixels_of(page, VERMILION)
    assert blue > 100
    assert vermilion > 100
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "false"
    assert pixels_of(page, BLUE) == 0
    assert pixels_of(page, VERMILION) > 100
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    assert drawn(page) == before


def test_all_hidden_says_so(show: Show) -> None:
    page = show(sample_content())
    drawn(page)
    for button in page.locator(".legend button").all():
        button.click()
    assert "all variants are hidden" in page.locator(".plot").inner_text()
    page.locator(".legend button").first.click()
    assert pixels_of(page, BLUE) > 100


def test_bands_lie_around_the_mean(show: Show) -> None:
    content = sample_content()
    content["metrics"] = content["metrics"][:1]
    line = content["metrics"][0]["lines"][0]
    line.update(mean=[30.0] * 10, low=[20.0] * 10, high=[40.0] * 10)
    content["metrics"][0]["lines"] = [line]
    page = show(content)
    drawn(page)
    # The band is the colour at 0x2b of 0xff over nothing: transparent pixels, a rectangle of them.
    share = page.evaluate(
        """() => {
          const canvas = document.querySelector("#curves canvas");
          const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let count = 0;
          for (let at = 0; at < data.length; at += 4) count += data[at + 3] === 0x2b;
          return count / (data.length / 4);
        }"""
    )
    # The scale is padded by a tenth on either side, the axes take about a tenth each way.
    assert 0.5 < share < 0.9


def test_a_wide_band_does_not_squash_the_curves(show: Show) -> None:
    content = sample_content()
    usual = height_of(show(content), BLUE)
    for line in content["metrics"][0]["lines"]:
        line.update(low=[-140.0] * len(line["mean"]), high=[110.0] * len(line["mean"]))
    assert height_of(show(content), BLUE) == pytest.approx(usual, rel=0.2)


def height_of(page: Page, colour: tuple[int, int, int]) -> int:
    """From the highest to the lowest pixel of just this colour."""
    drawn(page)
    return page.evaluate(
        """([red, green, blue]) => {
          const canvas = document.querySelector("#curves canvas");
          const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const rows = [];
          for (let at = 0; at < data.length; at += 4)
            if (data[at] === red && data[at + 1] === green && data[at + 2] === blue)
              rows.push(Math.floor(at / 4 / canvas.width));
          return rows.at(-1) - rows[0];
        }""",
        list(colour),
    )


def test_colours_follow_the_scheme(show: Show) -> None:
    page = show(sample_content())
    assert pixels_of(page, BLUE) > 100
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(100)
    assert pixels_of(page, BLUE) == 0
    assert pixels_of(page, DARK_BLUE) > 100


def test_curves_follow_the_width(show: Show) -> None:
    page = show(sample_content())
    drawn(page)
    page.set_viewport_size({"width": 500, "height": 800})
    page.wait_for_timeout(100)
    box = page.locator("#curves canvas").bounding_box()
    assert box is not None
    assert 300 < box["width"] < 500


def test_the_pointer_reads_values(show: Show) -> None:
    page = show(sample_content())
    drawn(page)
    page.locator(".u-over").hover(position={"x": 2, "y": 100})
    lines = page.locator(".tooltip").inner_text().split("\n")
    first = sample_content()["metrics"][0]["lines"][0]["mean"][0]
    assert lines[:3] == ["epoch 2", "residual, lr 0.1", f"{first:.2f}"]


def test_one_measurement_is_drawn(show: Show) -> None:
    content = sample_content()
    metric = content["metrics"][0]
    for lines in metric["lines"]:
        for key, values in lines.items():
            if isinstance(values, list):
                lines[key] = values[:1]  # type: ignore[literal-required]
        lines["runs"] = {label: values[:1] for label, values in lines["runs"].items()}
    metric["lines"] = metric["lines"][:1]
    page = show(content)
    assert pixels_of(page, BLUE) > 5
    page.get_by_label("Log x").check()
    page.get_by_label("Log y").check()
    assert pixels_of(page, BLUE) > 5

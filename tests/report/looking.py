"""What a page shows, read from its canvas and its tables."""

from collections.abc import Callable

from playwright.sync_api import Page

#: Opens a report: show(content, scheme="light", screen="desktop").
Show = Callable[..., Page]

SCREENS = {"desktop": (1280, 900), "phone": (375, 800)}

#: The first variant in the light and the dark scheme, the second in the light one.
BLUE, DARK_BLUE, VERMILION = (0x00, 0x72, 0xB2), (0x56, 0xB4, 0xE9), (0xD5, 0x5E, 0x00)


def drawn(page: Page) -> str:
    """What the canvas shows, once it has been drawn."""
    page.wait_for_selector("#curves canvas")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)))")
    return page.evaluate("() => document.querySelector('#curves canvas').toDataURL()")


def pixels_of(page: Page, colour: tuple[int, int, int]) -> int:
    """How many pixels of the canvas have just this colour."""
    drawn(page)
    return page.evaluate(
        """([red, green, blue]) => {
          const canvas = document.querySelector("#curves canvas");
          const context = canvas.getContext("2d");
          const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
          let count = 0;
          for (let at = 0; at < data.length; at += 4)
            count += data[at] === red && data[at + 1] === green && data[at + 2] === blue
              && data[at + 3] === 255;
          return count;
        }""",
        list(colour),
    )


def column(page: Page, table: str, place: int) -> list[str]:
    """The first lines of a column's cells, from the top."""
    rows = page.locator(f"#{table} tbody tr")
    return [
        rows.nth(row).locator("th, td").nth(place).inner_text().split("\n")[0]
        for row in range(rows.count())
    ]

"""The tables of a page, and what it says first."""

import re

import pytest

from tests.report.looking import Show, column
from tests.report.sample import sample_content

MINUS, NONE = "\N{MINUS SIGN}", "\N{EN DASH}"


def test_results_compare_with_published_values(show: Show) -> None:
    page = show(sample_content())
    rows = page.locator("#results tbody tr")
    first = rows.nth(1).locator("th, td").all_inner_texts()
    assert [text.split("\n")[0] for text in first] == [
        "residual, lr 0.1", "36.90", "36.90 ± 0.05", "0.00", "36.64*", "36.98 ± 0.05", "+0.34",
    ]  # fmt: skip
    assert "3 seeds" in first[2]
    assert "2 seeds · 1 of 3 diverged" in rows.nth(3).inner_text()
    assert "not checked" in page.locator("#results").inner_text()
    assert column(page, "results", 3) == [
        "0.00",
        "0.00",
        "\N{MINUS SIGN}0.12",
        "\N{MINUS SIGN}1.32",
        "+0.07",
    ]


def test_columns_without_published_values_show_measured_ones_only(show: Show) -> None:
    content = sample_content()
    assert content["results"] is not None
    for row in content["results"]["rows"]:
        for cell in row["cells"]:
            cell["published"] = None
    page = show(content)
    heads = page.locator("#results thead tr").last.locator("th").all_inner_texts()
    assert [re.sub(r"\W", " ", head).split()[-1] for head in heads] == [
        "method", "measured", "measured",
    ]  # fmt: skip
    assert "*" not in page.locator("#results").inner_text()


@pytest.mark.parametrize(
    ("table", "place", "ascending"),
    [
        # Numbers as numbers, not as texts: 9.80 comes before 33.66.
        (
            "results",
            5,
            ["9.80 ± 0.05", "33.66 ± 0.05", "36.80 ± 0.05", "36.98 ± 0.05", NONE],
        ),
        ("results", 4, ["19.59*", "33.59*", "36.64*", "36.87*", NONE]),
        ("statistics", 5, ["step 1200", "step 2400 (seed 1: never)", "never", "never"]),
        ("statistics", 2, ["27.42 ± 0.41", "30.33", "36.74 ± 0.09", "36.90 ± 0.05"]),
    ],
)
def test_tables_sort_both_ways(show: Show, table: str, place: int, ascending: list[str]) -> None:
    page = show(sample_content())
    header = page.locator(f"#{table} thead tr").last.locator("th").nth(place)
    header.locator("button").press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    assert column(page, table, place) == ascending
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "descending"
    missing = [text for text in ascending if text in (NONE, "never")]
    known = ascending[: len(ascending) - len(missing)]
    assert column(page, table, place) == [*known[::-1], *missing]
    page.locator(f"#{table} thead tr").last.locator("button").first.click()
    assert page.locator(f"#{table} [aria-sort]").count() == 1


def test_failures_are_told_first(show: Show) -> None:
    page = show(sample_content())
    assert "One of twelve runs diverged" in page.locator("header").inner_text()
    badges = page.locator(".badge").all_inner_texts()
    assert [badge.strip() for badge in badges] == ["✓ shown", "✗ contradicted", "? not shown"]
    row = page.locator("#runs tbody tr").nth(8).inner_text()
    assert "diverged" in row
    assert "the loss is not finite in step 27" in row

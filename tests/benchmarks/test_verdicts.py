"""Between equal variants few verdicts are false."""

from dataclasses import replace

import pytest

from benchmarks.verdicts import SETTINGS, Setting, pages, shares

FALSE = ("shown", "contradicted")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
@pytest.mark.parametrize(("seeds", "diverging"), [(2, 0.2), (3, 0.33), (6, 0.33)])
def test_few_verdicts_between_equal_variants_are_false(
    setting: Setting, seeds: int, diverging: float
) -> None:
    found = shares(pages(setting, seeds, diverging, 100 if seeds > 5 else 30), FALSE)
    # With fewer than six pairs none can be; else of 100 at 5 %, more than 10 happen once in 90.
    assert found <= (0.1 if seeds > 5 else 0)


def test_a_large_difference_is_shown() -> None:
    setting = replace(SETTINGS[0], spread=0.05)
    assert shares(pages(setting, 6, 0.0, 40, difference=0.5), ("shown",)) == 1
    assert shares(pages(setting, 6, 0.0, 40, difference=-0.5), ("contradicted",)) == 1

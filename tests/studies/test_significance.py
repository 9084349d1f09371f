"""Exact tests, several claims at once, and numbers of pairs, against known answers."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sr_experiments.studies.significance import (
    adjust,
    check_side,
    holm,
    is_beyond_doubt,
    least_pairs,
    pairs_needed,
    pairs_needed_by_signs,
    sign_flip_p,
)
from sr_experiments.studies.statistics import Array, paired
from tests.studies.synthetic import same

INF = np.inf
#: Darwin's maize, crossed minus self-fertilised, in eighths of an inch (Fisher 1935, Sec. 17).
DARWIN = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48.0])
DIFFERENCES = st.lists(st.one_of(st.floats(-9, 9), st.sampled_from([0.0, INF, -INF])), max_size=8)


def exactly(*differences: float) -> Array:
    """Spans of differences that are known."""
    return np.repeat(np.array(differences, dtype=np.float64)[:, None], 3, axis=1)


@pytest.mark.parametrize(
    ("pairs", "least"),
    [(1, 1), (2, 0.5), (3, 0.25), (4, 0.125), (5, 0.0625), (6, 0.03125), (8, 0.0078125)],
)
def test_the_least_p_of_so_many_pairs(pairs: int, least: float) -> None:
    differences = np.random.default_rng(pairs).uniform(1, 2, pairs)
    assert sign_flip_p(differences) == least
    assert sign_flip_p(np.full(pairs, INF)) == least


def test_fishers_p_value_of_darwins_maize() -> None:
    # Of 32,768 arrangements 863 are as extreme above, and as many below.
    assert sign_flip_p(DARWIN) == pytest.approx(2 * 863 / 2**15, abs=1e-12)
    test = check_side(exactly(*DARWIN))
    assert test.p == pytest.approx(stats.ttest_1samp(DARWIN, 0).pvalue)
    assert test.p == pytest.approx(0.0497, abs=1e-4)  # Fisher: t = 2.148
    assert (test.side, test.ranked, test.unanimous, test.pairs) == (1, False, False, 15)


@pytest.mark.parametrize("pairs", [2, 5, 7])
def test_the_exact_test_is_scipys(pairs: int) -> None:
    x, y = np.random.default_rng(pairs).normal([[0.4], [0.0]], 1, (2, pairs))
    found = stats.permutation_test(
        (x, y), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=INF
    )
    assert sign_flip_p(x - y) == pytest.approx(found.pvalue)


def test_with_lost_runs_it_is_wilcoxons_signed_rank_test() -> None:
    # The lost run has the highest rank, as any value beyond the others would have.
    values = [0.3, -0.1, 0.5, 0.2, -0.4, 0.7, 9.0]
    found = stats.wilcoxon(values, method="exact").pvalue
    assert sign_flip_p(np.array([*values[:-1], INF])) == pytest.approx(found)
    test = check_side(exactly(*values[:-1], INF))
    assert (test.ranked, test.p, test.exact) == (True, test.exact, pytest.approx(found))
    # Two that are lost share the highest rank; what is lost on both sides cancels.
    assert sign_flip_p(np.array([1.0, INF, -INF])) == 1.0


def test_many_pairs_are_flipped_at_random() -> None:
    x = np.random.default_rng(3).normal(0.4, 1, 24)
    assert sign_flip_p(x) == pytest.approx(stats.ttest_1samp(x, 0).pvalue, rel=0.1)


@given(DIFFERENCES, st.randoms())
def test_neither_order_nor_side_changes_the_p_value(values: list[float], mix: Random) -> None:
    mixed = values.copy()
    mix.shuffle(mixed)
    p = sign_flip_p(np.array(values))
    assert p == pytest.approx(sign_flip_p(np.array(mixed)))
    assert p == pytest.approx(sign_flip_p(-np.array(values)))
    decided = sum(value != 0 for value in values)
    assert 2.0 ** (1 - decided) - 1e-12 <= p <= 1 or not decided


@given(DIFFERENCES, st.floats(-2, 2))
def test_swapping_variants_flips_the_side(values: list[float], bound: float) -> None:
    spans = exactly(*values)
    one, other = check_side(spans, bound), check_side(-spans[:, ::-1], -bound)
    assert one.side == -other.side
    assert (one.ranked, one.unanimous, one.pairs) == (other.ranked, other.unanimous, other.pairs)
    assert same(np.round([one.p, one.exact], 9), np.round([other.p, other.exact], 9))


def test_a_difference_that_may_lie_on_either_side_points_nowhere() -> None:
    spans = np.array([[0.1, 0.3, 0.5]] * 6)
    assert check_side(spans).unanimous
    assert check_side(spans, 0.05).side == 1
    assert check_side(spans, 0.6).side == -1
    open_ = check_side(spans, 0.2)
    assert (open_.side, open_.exact, open_.p, open_.unanimous) == (0, 1, 1, False)
    assert check_side(np.array([[0.0, 0.3, 0.5]])).side == 1  # either level or above


def test_holms_correction_of_a_worked_example() -> None:
    # The smallest times 4, the next times 3, and so on, never below the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.4, 0.9]) == [0.8, 0.9]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_monotone_and_only_ever_weaker(values: list[float]) -> None:
    found = holm(values)
    assert all(p <= q <= 1 for p, q in zip(values, found, strict=True))
    for p, q in zip(values, found, strict=True):
        assert all(other >= q for value, other in zip(values, found, strict=True) if value >= p)
    assert min(found) == min(1, len(values) * min(values))  # as Bonferroni's


def test_only_what_could_be_shown_counts_as_one_of_several() -> None:
    sure = check_side(exactly(0.5, 0.6, 0.55, 0.52, 0.58, 0.61))
    few = check_side(exactly(0.5, 0.6, 0.55))
    alone, none, missing = adjust([sure, few, check_side(np.empty((0, 3)))])
    assert alone == sure.p
    assert same([none, missing], [np.nan, np.nan])
    twice = adjust([sure, sure])
    assert twice == pytest.approx([2 * sure.p] * 2)
    assert is_beyond_doubt(sure, twice[0])
    assert not is_beyond_doubt(few, none)
    # Alike differences have a tiny p of the t test; five of them are not enough all the same.
    assert not is_beyond_doubt(check_side(exactly(*[0.5] * 5)), 0.0)


def test_the_fewest_pairs_that_can_show_anything() -> None:
    assert least_pairs() == 6
    assert least_pairs(0.05 / 6) == 8


@pytest.mark.parametrize(("effect", "pairs"), [(0.5, 34), (0.8, 15), (1.0, 10), (5.0, 6)])
def test_the_pairs_that_would_tell_are_those_of_power_tables(effect: float, pairs: int) -> None:
    """Of a paired t test with 5 % error and 80 % power (G*Power 3.1, d_z), 6 at least."""
    x = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    x = (x - x.mean()) / x.std(ddof=1) + effect
    assert pairs_needed(paired(x, np.zeros(5))[0]) == pairs
    assert pairs_needed(paired(-x, np.zeros(5))[0]) == pairs


def test_what_no_number_of_pairs_would_tell() -> None:
    for values in ([1.0], [0.0, 0.0], [-1.0, 1.001], [float("inf"), 1.0]):
        x = np.array(values)
        assert pairs_needed(paired(x, np.zeros(len(x)))[0]) is None
    assert pairs_needed_by_signs(2, 4) is None
    assert pairs_needed_by_signs(0, 0) is None


def test_the_pairs_that_would_tell_by_signs() -> None:
    assert pairs_needed_by_signs(4, 4) == 6
    assert pairs_needed_by_signs(4, 4, 0.05 / 6) == 8
    # Of ten pairs nine must point one way (p = .021): at 19 of 20, 91 % of tens do.
    found = pairs_needed_by_signs(19, 20)
    assert found == next(
        n
        for n in range(2, 99)
        if stats.binom.sf(
            min(k for k in range(n + 2) if 2 * stats.binom.sf(k - 1, n, 0.5) <= 0.05) - 1, n, 0.95
        )
        >= 0.8
    )

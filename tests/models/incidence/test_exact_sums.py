import numpy as np
import pytest

import secondplan.models.incidence.exact_sums as module
from secondplan.models.incidence.exact_sums import Jumps, merge_jumps, product_limit, sum_incidence

JUMPS = Jumps(np.array([2.0, 5.0, 9.0]), np.array([[0.1, 0.0, 0.2], [0.0, 0.3, 0.1]]))
TIMES = np.array([[0.0, 1.9, 2.0, 5.0, 8.0, 9.0, 100.0]])


def test_product_limit_by_hand():
    risk = np.array([[1.0, 2.0]])
    # S just before 2, 5, 9: 1, 0.9, 0.9 * 0.4
    first = [0, 0, 0.1, 0.1, 0.1, 0.1 + 0.36 * 0.2, 0.1 + 0.36 * 0.2]
    second = [0, 0, 0, 0.9 * 0.6, 0.54, 0.54 + 0.36 * 0.2, 0.54 + 0.36 * 0.2]
    np.testing.assert_allclose(sum_incidence(JUMPS, risk, TIMES, 0, "product_limit")[0], first, rtol=1e-14)
    np.testing.assert_allclose(sum_incidence(JUMPS, risk, TIMES, 1, "product_limit")[0], second, rtol=1e-14)


def test_exponential_by_hand():
    risk = np.array([[1.0, 0.5]])
    before = np.exp([0.0, -0.1, -0.25])
    first = np.array([0, 0, 0.1, 0.1, 0.1, 0.1 + before[2] * 0.2, 0.1 + before[2] * 0.2])
    second = np.array([0, 0, 0, before[1] * 0.15, before[1] * 0.15, *[before[1] * 0.15 + before[2] * 0.05] * 2])
    np.testing.assert_allclose(sum_incidence(JUMPS, risk, TIMES, 0, "exponential")[0], first, rtol=1e-14)
    np.testing.assert_allclose(sum_incidence(JUMPS, risk, TIMES, 1, "exponential")[0], second, rtol=1e-14)
    both = sum_incidence(JUMPS, risk, TIMES, None, "exponential")[0]
    np.testing.assert_allclose(both, first + second, rtol=1e-14)


@pytest.mark.parametrize("form", module.FORMS)
def test_never_above_1_whatever_the_risk(form):
    risk = np.exp(np.random.default_rng(0).normal(scale=4, size=(200, 2)))
    risk[:2] = [[1e300, 1e300], [0.0, 0.0]]
    times = np.broadcast_to(TIMES, (200, TIMES.size))
    parts = [sum_incidence(JUMPS, risk, times, cause, form) for cause in (0, 1)]
    total = sum_incidence(JUMPS, risk, times, None, form)
    assert np.stack(parts).max() <= 1.0 and total.max() <= 1.0 and total[0, 2] == 1.0
    assert np.all(np.diff(np.stack(parts), axis=2) >= 0)
    if form == "product_limit":
        np.testing.assert_allclose(parts[0] + parts[1], total, atol=1e-12)


def test_hazards_above_1_share_what_was_left():
    jumps = Jumps(np.array([1.0, 2.0]), np.array([[0.5, 3.0], [0.0, 1.0]]))
    times = np.array([[2.0]])
    for form, left in (("exponential", np.exp(-0.5)), ("product_limit", 0.5)):
        first = sum_incidence(jumps, np.ones((1, 2)), times, 0, form)
        assert first[0, 0] == pytest.approx(0.5 + left * 0.75)
        assert sum_incidence(jumps, np.ones((1, 2)), times, 1, form)[0, 0] == pytest.approx(left * 0.25)


@pytest.mark.parametrize("form", module.FORMS)
def test_blocks_do_not_change_anything(form, monkeypatch):
    rng = np.random.default_rng(1)
    jumps = Jumps(np.arange(1.0, 41), rng.exponential(0.02, size=(3, 40)))
    risk, times = rng.exponential(size=(17, 3)), rng.uniform(0, 50, size=(17, 4))
    whole = sum_incidence(jumps, risk, times, 1, form)
    monkeypatch.setattr(module, "BLOCK", 90)
    np.testing.assert_array_equal(sum_incidence(jumps, risk, times, 1, form), whole)
    one_by_one = [sum_incidence(jumps, risk[[row]], times[[row]], 1, form)[0] for row in range(17)]
    np.testing.assert_array_equal(one_by_one, whole)


@pytest.mark.parametrize("form", module.FORMS)
@pytest.mark.parametrize("cause", [0, 2, None])
def test_times_that_all_rows_share_are_summed_at_once(form, cause, monkeypatch):
    rng = np.random.default_rng(1)
    jumps = Jumps(np.arange(1.0, 41), rng.exponential(0.02, size=(3, 40)))
    risk = rng.exponential(size=(90, 3))
    risk[::7] *= 20.0  # hazards of some days add up to more than 1
    shared = np.broadcast_to([30.0, 0.5, 7.0, 7.5, 99.0], (90, 5))
    row_by_row = sum_incidence(jumps, risk, shared.copy(), cause, form)
    monkeypatch.setattr(module, "SHARED_BLOCK", 400)
    found = sum_incidence(jumps, risk, shared, cause, form)
    np.testing.assert_allclose(found, row_by_row, rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(found[:, 2], found[:, 3])


def test_merging():
    jumps = merge_jumps([np.array([1.0, 4.0]), np.array([2.0, 4.0])], [np.array([0.1, 0.3]), np.array([0.5, 0.6])])
    np.testing.assert_array_equal(jumps.time, [1, 2, 4])
    np.testing.assert_allclose(jumps.hazard, [[0.1, 0, 0.2], [0, 0.5, 0.1]])


def test_no_event_times_and_no_rows():
    nothing = merge_jumps([np.empty(0)], [np.empty(0)])
    np.testing.assert_array_equal(sum_incidence(nothing, np.ones((2, 1)), np.ones((2, 3)), 0, "exponential"), 0)
    assert sum_incidence(JUMPS, np.ones((0, 2)), np.ones((0, 3)), 0, "exponential").shape == (0, 3)


def test_the_product_limit_keeps_its_digits_where_it_is_next_to_nothing():
    jumps = merge_jumps([np.array([1.0, 2.0, 3.0])], [np.array([0.3, 0.6, 0.9])])
    # A hazard of 3.3 x 0.3 = 0.99 leaves 0.01 each time; before the first event time everything is left.
    found = product_limit(jumps, np.array([[3.3], [0.0]]), np.array([[0.5, 1.0, 3.0], [0.5, 1.0, 3.0]]))
    np.testing.assert_allclose(found, [[1.0, 0.01, 1e-6], [1.0, 1.0, 1.0]], rtol=1e-13)

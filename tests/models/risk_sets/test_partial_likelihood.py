"""The partial likelihood against its definition, its derivatives against differences."""

from dataclasses import fields
from fractions import Fraction

import numpy as np
import pytest

from secondplan.models.risk_sets import partial_likelihood
from secondplan.models.risk_sets.partial_likelihood import RiskSums, evaluate, evaluate_at
from secondplan.models.risk_sets.risk_sets import build_risk_sets
from secondplan.models.risk_sets.row_risks import LARGEST_ETA


def data(seed, n_rows=60, n_columns=3):
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, 12, n_rows).astype(float)
    entry = np.where(rng.random(n_rows) < 0.5, np.floor(duration * rng.random(n_rows)), -1.0)
    is_event = rng.random(n_rows) < 0.6
    weight = rng.uniform(0.3, 2.0, n_rows)
    stratum = rng.integers(0, 2, n_rows)
    x = rng.normal(size=(n_rows, n_columns))
    return x, (entry, duration, is_event, weight, stratum)


def log_likelihood(x, beta, entry, duration, is_event, weight, stratum, efron):
    """Written out: a sum over events of the log of what is left of the risk set."""
    eta = x @ beta
    risk = weight * np.exp(eta)
    value = np.sum((weight * eta)[is_event])
    for group in np.unique(stratum):
        for day in np.unique(duration[is_event & (stratum == group)]):
            here = stratum == group
            total = risk[here & (entry < day) & (day <= duration)].sum()
            died = here & is_event & (duration == day)
            n_died = int(died.sum())
            for k in range(n_died):
                share = k / n_died if efron else 0.0
                value -= weight[died].mean() * np.log(total - share * risk[died].sum())
    return value


@pytest.mark.parametrize("efron", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_value_and_derivatives(seed, efron):
    x, outcome = data(seed)
    sets = build_risk_sets(*outcome)
    rows = x[sets.rows]
    beta = np.random.default_rng(seed + 50).normal(size=3) * 0.5

    def at(point):
        return evaluate(rows, rows @ point, sets, efron)

    found = at(beta)
    # Rows that are at risk at no event time do not appear in the likelihood.
    assert found.value == pytest.approx(log_likelihood(x, beta, *outcome, efron), rel=1e-13)
    step = 1e-5
    for column in range(3):
        shift = np.zeros(3)
        shift[column] = step
        up, down = at(beta + shift), at(beta - shift)
        assert found.gradient[column] == pytest.approx((up.value - down.value) / (2 * step), abs=1e-6)
        slope = -(up.gradient - down.gradient) / (2 * step)
        np.testing.assert_allclose(found.information[column], slope, atol=1e-6)
    np.testing.assert_allclose(found.information, found.information.T, atol=1e-12)


def test_risks_of_very_different_size():
    # Exact arithmetic on powers of 2: rows that enter late carry 2^100 times the risk of those that are there before.
    entry = np.array([-1, -1, 3, 3, -1, 5], dtype=float)
    duration = np.array([2, 4, 4, 6, 7, 7], dtype=float)
    is_event = np.array([1, 1, 0, 1, 1, 0], dtype=bool)
    power = np.array([0, 1, 100, 101, 2, 90])
    x = power[:, None].astype(float)
    sets = build_risk_sets(entry, duration, is_event, np.ones(6), np.zeros(6, dtype=np.int64))
    found = evaluate(x[sets.rows], x[sets.rows, 0] * np.log(2.0), sets, True)
    in_one_pass = evaluate_at(x[sets.rows], np.log([2.0]), np.zeros(6), sets, True)
    gradient = Fraction(0)
    for row in np.flatnonzero(is_event):
        at_risk = [i for i in range(6) if entry[i] < duration[row] <= duration[i]]
        risks = [Fraction(2) ** int(power[i]) for i in at_risk]
        mean = sum(r * int(power[i]) for r, i in zip(risks, at_risk, strict=True)) / sum(risks)
        gradient += int(power[row]) - mean
    assert found.gradient[0] == pytest.approx(float(gradient), rel=1e-12)
    assert in_one_pass.gradient[0] == pytest.approx(float(gradient), rel=1e-12)


def assert_same(few, many, rtol, atol):
    for name in ("value", "gradient", "information", "size", "hazards"):
        np.testing.assert_allclose(getattr(few, name), getattr(many, name), rtol=rtol, atol=atol, err_msg=name)
    for field in fields(RiskSums):
        found = getattr(few.sums, field.name)
        np.testing.assert_allclose(found, getattr(many.sums, field.name), rtol=rtol, atol=atol, err_msg=field.name)


@pytest.mark.parametrize("efron", [True, False])
@pytest.mark.parametrize("delayed", [0.0, 0.2, 1.0])
def test_the_kernel_for_few_rows_gives_what_the_passes_for_many_give(efron, delayed, monkeypatch):
    rng = np.random.default_rng(3)
    n_rows = 200
    x, duration = rng.normal(size=(n_rows, 3)), rng.integers(1, 30, n_rows).astype(float)
    entry = np.where(rng.random(n_rows) < delayed, np.floor(duration * rng.random(n_rows)), -1.0)
    outcome = entry, duration, rng.random(n_rows) < 0.5
    sets = build_risk_sets(*outcome, rng.uniform(0.2, 3.0, n_rows), rng.integers(0, 3, n_rows))
    rows = x[sets.rows], np.array([0.5, -0.2, 1.0]), 0.1 * x[sets.rows, 0], sets, efron
    few = evaluate_at(*rows)
    beyond = evaluate_at(rows[0], 1e4 * rows[1], *rows[2:])
    monkeypatch.setattr(partial_likelihood, "cached_rows", lambda _: 0)
    many = evaluate_at(*rows)
    assert beyond is None and evaluate_at(rows[0], 1e4 * rows[1], *rows[2:]) is None
    assert_same(few, many, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("seed", range(4))
def test_few_rows_of_extreme_risk_lose_no_digit_to_those_that_left(seed, monkeypatch):
    # Predictors up to the largest allowed; at the end of each stratum the risk set is one row of the smallest risk.
    rng = np.random.default_rng(seed)
    entry, duration, is_event, weight, stratum = data(seed, n_rows=150)[1]
    eta = rng.choice([-1.0, -0.1, 0.0, 0.1, 1.0], duration.size) * rng.uniform(0.9, 1.0, duration.size) * LARGEST_ETA
    entry[:2], duration[:2], is_event[:2], stratum[:2], eta[:2] = 11.0, 13.0, True, [0, 1], -LARGEST_ETA
    sets = build_risk_sets(entry, duration, is_event, weight, stratum)
    rows = rng.normal(size=(sets.rows.size, 3)), np.zeros(3), eta[sets.rows], sets, True
    few = evaluate_at(*rows)
    at_risk = (entry[:, None] < sets.time) & (sets.time <= duration[:, None]) & (stratum[:, None] == sets.time_stratum)
    risk = weight * np.exp(eta)
    np.testing.assert_allclose(few.sums.total, risk @ at_risk, rtol=1e-13, atol=0)
    monkeypatch.setattr(partial_likelihood, "cached_rows", lambda _: 0)
    many = evaluate_at(*rows)
    assert_same(few, many, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(few.hazards, many.hazards, rtol=1e-12, atol=0)

"""Sample size: the numbers that the R package pmsampsize 1.1.3 gives, and what each criterion promises."""

import math

import pytest

import secondplan as sp
from secondplan.evaluation.riley_criteria import expected_shrinkage


@pytest.mark.parametrize(
    ("n_features", "cox_snell", "shrinkage", "optimism"),
    [(25, 0.051, 4286, 866), (25, 0.065, 3335, 860), (30, 0.051, 5143, 1039)],
)
def test_numbers_of_pmsampsize(n_features, cox_snell, shrinkage, optimism):
    found = sp.sample_size(0.065, 2, n_features, cox_snell=cox_snell, follow_up=2.07)
    by_criterion = found.table["n_children"]
    assert by_criterion["shrinkage"] == shrinkage == found.n_children
    assert by_criterion["optimism"] == pytest.approx(optimism, abs=1)  # R rounds the number of events up first
    assert found.events_per_feature == pytest.approx(shrinkage * 0.065 * 2.07 / n_features)


def test_at_the_number_needed_the_shrinkage_is_the_one_accepted():
    found = sp.sample_size(0.1, 2, 12, nagelkerke=0.2)
    assert found.table.loc["shrinkage", "shrinkage"] == pytest.approx(0.9, abs=1e-3)
    assert found.cox_snell == pytest.approx(0.2 * found.max_cox_snell)
    assert expected_shrinkage(300, 12, found.cox_snell) < 0.9 < expected_shrinkage(30_000, 12, found.cox_snell) < 1


def test_overall_risk_is_within_the_margin_and_with_one_child_fewer_not():
    rate, years = 0.12, 2.0
    n = sp.sample_size(rate, years, 1, nagelkerke=0.15).table.loc["overall risk", "n_children"]

    def distance(n_children):
        upper = rate + 1.959964 * math.sqrt(rate / (n_children * years))
        lower = rate - 1.959964 * math.sqrt(rate / (n_children * years))
        return max(abs(math.exp(-bound * years) - math.exp(-rate * years)) for bound in (lower, upper))

    assert distance(n) <= 0.05 < distance(n - 1)


def test_shows_what_is_needed_in_a_sentence():
    shown = repr(sp.sample_size(0.065, 2, 25, cox_snell=0.051, follow_up=2.07))
    assert shown.startswith("4,286 children with 577 second plans (23.1 per coefficient) for 25 coefficients")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rate": 0.0}, "rate must be a number above 0, got 0.0"),
        ({"rate": 5}, "rate x follow_up must be below 1 second plan per child, got 10"),
        ({"n_features": 2.5}, "n_features must be a whole number, got 2.5"),
        ({"shrinkage": 1.0}, "shrinkage must lie between 0 and 1, got 1.0"),
        ({"cox_snell": 0.05, "nagelkerke": 0.1}, "give cox_snell or nagelkerke, not both"),
        ({"cox_snell": 0.8}, "the largest possible at this rate, got 0.8"),
        ({"nagelkerke": 1.2}, "nagelkerke must lie between 0 and 1, got 1.2"),
    ],
)
def test_errors_say_what_was_expected(given, message):
    with pytest.raises(ValueError, match=message):
        sp.sample_size(**({"rate": 0.1, "years": 2, "n_features": 10} | given))

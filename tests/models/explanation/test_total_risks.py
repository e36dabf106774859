"""Errors of totals of risks: those of single rows, and of the same row by several days, as the models state them."""

import numpy as np
import pytest

from secondplan import CoxPH
from secondplan.models.fine_gray.standard_error import incidence_error
from secondplan.models.incidence.influence_error import incidence_covariance
from secondplan.models.numerics.row_totals import RowTotals

from ..all_models import Y_ONE, X

DAYS = [91, 365]
ROW = X.iloc[[4]]
WITH_BANDS = (
    *("CauseSpecificCox", "FineGray", "FineGray efron, strata of the censoring", "ParametricAFT", "RoystonParmar"),
    *("CoxPH", "CoxPH breslow, strata"),
    *("DiscreteTimeHazard", "AalenJohansen", "AalenJohansen by stratum", "CauseSpecificCox product limit, strata"),
)


def covariance(model, rows, days, totals, eligible_days=None):
    event = model._stated_event
    return model._covariance_of_totals(model._asked(rows, days, eligible_days, 0.0), event, totals)


def one(n_rows=1):
    return RowTotals(np.zeros(n_rows, dtype=int), np.full(n_rows, 1.0 / n_rows), 1)


@pytest.mark.parametrize("name", WITH_BANDS)
def test_the_error_of_a_row_is_that_of_its_interval(name, fitted):
    model = fitted[name]
    found = np.sqrt(covariance(model, ROW, DAYS, one())[:, 0, 0])
    risk = model.predict_cumulative_incidence(ROW, DAYS, event=model._stated_event)[0]
    if "Cause" in name:
        expected = model.predict_cumulative_incidence_std_error(ROW, DAYS)[0]
    elif "Aalen" in name or "CoxPH" in name:
        bounds = model.predict_cumulative_incidence_interval(ROW, DAYS, interval="plain")[0]
        expected = (bounds[:, 1] - risk) / 1.959964
    else:
        bounds = model.predict_cumulative_incidence_interval(ROW, DAYS)[0]
        width = np.log(np.log1p(-bounds[:, 1]) / np.log1p(-bounds[:, 0]))
        expected = width / 2 / 1.959964 * -np.log1p(-risk) * (1 - risk)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    # The average of a row and itself has the error of the row: nothing becomes surer by being said twice.
    np.testing.assert_allclose(np.sqrt(covariance(model, X.iloc[[4, 4]], DAYS, one(2))[:, 0, 0]), found)


def test_risks_of_a_row_by_several_days_are_correlated_as_in_its_band(fitted):
    model = fitted["CauseSpecificCox"]
    by_day = RowTotals(np.arange(2), np.ones(2), 2)
    found = covariance(model, X.iloc[[4, 4]], [730], by_day, eligible_days=DAYS)[0]
    design = model.encoder_.design(ROW)
    hazards = model._errors(0, bool(model._is_by_row(0, np.zeros(1))[0])).hazards
    expected = incidence_covariance(
        hazards, model._distances(design), model._relative_risk(design), np.array(DAYS), 0.0, 0, "exponential"
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_of_a_subdistribution_the_difference_of_two_days_has_the_error_that_is_known(fitted):
    model = fitted["FineGray"]
    later_less_earlier = RowTotals(np.zeros(2, dtype=int), np.array([-1.0, 1.0]), 1)
    found = covariance(model, X.iloc[[4, 4]], [730], later_less_earlier, eligible_days=DAYS)[0, 0, 0]
    design = model.encoder_.design(ROW)
    given = model._uncertain_baseline(), design - model.center_, model._relative_risk(design)
    expected = incidence_error(*given, np.array([[365.0]]), np.array([[91.0]]))[0, 0]
    assert np.sqrt(found) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("cluster", [None, np.arange(len(X)) // 2])
def test_of_one_hazard_days_are_correlated_through_baseline_and_coefficients(cluster):
    """F(t) - F(s) of a row by a change of its hazards: exp(-H) of each day times the error of that day's hazard."""
    model = CoxPH().fit(X, Y_ONE, cluster=cluster)
    by_day = RowTotals(np.arange(2), np.ones(2), 2)
    found = covariance(model, X.iloc[[4, 4]], [730], by_day, eligible_days=DAYS)[0]
    hazard, error = model.predict_cumulative_hazard(ROW, DAYS, return_std=True)
    between = model.predict_cumulative_hazard(ROW, [365], elapsed=91, return_std=True)[1][0, 0]
    together = (error[0] @ error[0] - between**2) / 2
    expected = np.array([[error[0, 0] ** 2, together], [together, error[0, 1] ** 2]])
    np.testing.assert_allclose(found, expected * np.outer(np.exp(-hazard[0]), np.exp(-hazard[0])), rtol=2e-3)

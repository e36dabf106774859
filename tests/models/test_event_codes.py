"""One rule for the code of an event, wherever a caller names one."""

import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.models import CauseSpecificCox, CoxPH, FineGray
from secondplan.models.metrics import calibration_intercept, observed_expected_ratio, pseudo_values
from secondplan.parameter_checks import check_event

N_ROWS = 60
RNG = np.random.default_rng(2)
Y = pd.DataFrame({"duration": RNG.integers(1, 100, N_ROWS) + 0.0, "event": RNG.integers(0, 3, N_ROWS)})
RISK, GROUP = RNG.uniform(0.1, 0.9, N_ROWS), np.arange(N_ROWS) % 2
X = pd.DataFrame({"x": RNG.normal(size=N_ROWS)})
CURVES = sp.aalen_johansen(Y["duration"], Y["event"])
CAUSES, FINE_GRAY = CauseSpecificCox().fit(X, Y), FineGray().fit(X, Y)

NO_CODES = ["1", 0, True, np.bool_(True), 1.5, -1, None, np.nan, [1]]
TAKERS = {
    "brier_score": lambda event: sp.brier_score(Y, RISK, 25, event=event),
    "index_of_prediction_accuracy": lambda event: sp.index_of_prediction_accuracy(Y, RISK, 25, event=event),
    "time_dependent_auc": lambda event: sp.time_dependent_auc(Y, RISK, 25, event=event),
    "concordance_index": lambda event: sp.concordance_index(Y, RISK, event=event),
    "calibration_curve": lambda event: sp.calibration_curve(Y, RISK, 25, event=event),
    "calibration_slope": lambda event: sp.calibration_slope(Y, RISK, 25, event=event),
    "calibration_intercept": lambda event: calibration_intercept(Y, RISK, 25, event=event),
    "observed_expected_ratio": lambda event: observed_expected_ratio(Y, RISK, 25, event=event),
    "pseudo_values": lambda event: pseudo_values(Y, [25], event=event),
    "gray_test": lambda event: sp.gray_test(Y["duration"], Y["event"], GROUP, event_of_interest=event),
    "restricted_mean_difference": lambda event: sp.restricted_mean_difference(
        Y["duration"], Y["event"], GROUP, until=50, event_of_interest=event
    ),
    "compare_distributions": lambda event: sp.compare_distributions(Y["duration"], Y["event"], event_of_interest=event),
    "curve": lambda event: CURVES.at([25], event),
    "days lost": lambda event: CURVES.restricted_mean_time_lost(50, event),
    "cumulative incidence": lambda event: CAUSES.predict_cumulative_incidence(X, [25], event=event),
    "interval": lambda event: CAUSES.predict_cumulative_incidence_interval(X, [25], event=event),
    "FineGray": lambda event: FINE_GRAY.predict_cumulative_incidence(X, [25], event=event),
    "fit of CoxPH": lambda event: CoxPH(event=event).fit(X, Y),
    "fit of FineGray": lambda event: FineGray(event=event).fit(X, Y),
}
# What None and 0 mean there: the model's own event, no event at all.
ALSO_TAKEN = {"curve": [0], "days lost": [0], "restricted_mean_difference": [None]}


@pytest.mark.parametrize("taker", TAKERS)
def test_what_is_no_code_of_an_event_is_refused(taker):
    for event in NO_CODES:
        if event in ALSO_TAKEN.get(taker, []) and not isinstance(event, bool | np.bool_):
            continue
        with pytest.raises(ValueError, match=r"must be a code of 1 or more \(0 is censoring\), a whole number, got"):
            TAKERS[taker](event)


@pytest.mark.parametrize("taker", TAKERS)
def test_an_event_that_nobody_has_is_refused(taker):
    with pytest.raises(ValueError, match=r"event 7|event_of_interest 7"):
        TAKERS[taker](7)


def test_a_code_is_the_same_in_any_type():
    assert [check_event(code) for code in (2, 2.0, np.int8(2), np.float32(2))] == [2] * 4
    assert sp.brier_score(Y, RISK, 25, event=np.int64(2)) == sp.brier_score(Y, RISK, 25, event=2)


def test_the_event_that_is_asked_of_by_default_may_be_absent():
    nobody = Y.assign(event=np.where(Y["event"] == 1, 0, Y["event"]))
    assert np.isfinite(sp.brier_score(nobody, RISK, 25)).all()
    for name in sorted(set(TAKERS) - {"compare_distributions"}):  # of which lifelines warns
        TAKERS[name](1)


def test_other_places_take_codes_only():
    for event in ("2", True, 0):
        with pytest.raises(ValueError, match="must be a code of 1 or more"):
            CauseSpecificCox(known_end_event=event).fit(X, Y)
        with pytest.raises(ValueError, match="must be a code of 1 or more"):
            sp.plot_coefficients(CAUSES, event=event)
    with pytest.raises(ValueError, match="must be a code of 1 or more"):
        sp.logrank_test(Y["duration"], Y["event"], GROUP, event_of_interest="1")

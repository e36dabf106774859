"""AIC and BIC: parameters counted one by one, events as R counts them, and none where there is none."""

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from secondplan import CauseSpecificCox, CoxPH, DiscreteTimeHazard, ParametricAFT

from ..all_models import MODELS, X, Y, outcome_for

N_FEATURES = 4
N_1, N_2 = (int((Y["event"] == code).sum()) for code in (1, 2))
# Parameters of each event (or of all), and the events.
EXPECTED = {
    "CoxPH": (N_FEATURES, None),
    "FineGray": (N_FEATURES, [N_1]),
    "CauseSpecificCox": (N_FEATURES, [N_1, N_2]),
    "ParametricAFT": (N_FEATURES + 2, [N_1, N_2]),
    "RoystonParmar": (N_FEATURES + 5, [N_1, N_2]),
    "DiscreteTimeHazard": (2 * (N_FEATURES + 3), [N_1 + N_2]),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_criteria_count_parameters_and_events(name, fitted):
    model = fitted[name]
    n_parameters, n_events = EXPECTED[name]
    logs = model.log_likelihood_
    log_likelihood = logs.to_numpy() if isinstance(logs, pd.Series) else np.array(logs[1])
    events = np.array([int(model.n_events_)] if n_events is None else n_events)
    np.testing.assert_allclose(model.aic_, -2 * log_likelihood + 2 * n_parameters)
    np.testing.assert_allclose(np.atleast_1d(model.bic_), -2 * log_likelihood + np.log(events) * n_parameters)


def test_the_partial_likelihood_is_that_of_lifelines():
    y = outcome_for(CoxPH())
    frame = y.join(X[["age"]])
    other = CoxPHFitter().fit(frame, "duration", "event")
    assert CoxPH().fit(X[["age"]], y).aic_ == pytest.approx(other.AIC_partial_, abs=1e-6)


def test_what_is_not_estimated_is_not_counted():
    y = outcome_for(CoxPH())
    with pytest.warns(UserWarning, match="determine"):
        model = CoxPH().fit(X[["age"]].assign(twice=2 * X["age"]), y)
    assert model.aic_ == pytest.approx(CoxPH().fit(X[["age"]], y).aic_)
    exponential = ParametricAFT(distribution="exponential").fit(X[["age"]], Y)
    np.testing.assert_allclose(exponential.aic_, -2 * exponential.log_likelihood_ + 2 * 2)
    rare = Y.assign(event=np.where(np.arange(len(Y)) == np.flatnonzero(Y["event"] == 2)[0], 3, Y["event"]))
    with pytest.warns(UserWarning, match="no more events than features"):
        model = DiscreteTimeHazard(period_days=60, period_df=2).fit(X, rare)
    n_parameters = 2 * (N_FEATURES + 3) + 1
    assert model.aic_ == pytest.approx(-2 * model.log_likelihood_[1] + 2 * n_parameters)


def test_a_penalised_fit_and_models_without_a_likelihood_have_none(fitted):
    y = outcome_for(CoxPH())
    for model in (CoxPH(alpha=0.01).fit(X, y), CoxPH(firth=True).fit(X, y), fitted["CoxElasticNetCV"]):
        assert np.isfinite(model.log_likelihood_).all()
        with pytest.raises(AttributeError, match=r"not defined for a penalised fit"):
            model.aic_  # noqa: B018
    assert not any(hasattr(fitted[name], "bic_") for name in MODELS if name.startswith(("Aalen", "Boosted")))


def test_causes_add_up():
    model = CauseSpecificCox().fit(X, Y)
    assert model.aic_.index.tolist() == [1, 2]
    assert model.log_likelihood_[2] == model.cause_models_[2].log_likelihood_[1]

"""What all models of one event share."""

import numpy as np
import pandas as pd
import pytest

from secondplan.models import CoxElasticNetCV, CoxPH, FineGray
from secondplan.models.metrics import index_of_prediction_accuracy


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(8)
    X = pd.DataFrame({"x": rng.normal(size=120)})
    days = np.ceil(rng.exponential(300 * np.exp(-X["x"])))
    return X, pd.DataFrame({"duration": days, "event": rng.choice([0, 2, 3], 120)})


@pytest.mark.parametrize("model", [FineGray(event=2, horizon=200), CoxPH(event=2, horizon=200)])
@pytest.mark.filterwarnings("ignore:the training data have competing events")
def test_risk_and_score_are_those_of_the_event(model, data):
    X, y = data
    model.fit(X, y)
    risk = model.predict_cumulative_incidence(X, [200], event=2)
    np.testing.assert_array_equal(model.predict(X), risk[:, 0])
    assert model.score(X, y) == index_of_prediction_accuracy(y, risk, [200], event=2)[0]


@pytest.mark.parametrize("kind", [FineGray, CoxPH, CoxElasticNetCV])
def test_an_event_without_a_row_or_a_code_is_refused(kind, data):
    X, y = data
    with pytest.raises(ValueError, match=r"no row has event 5 \(and a weight above 0\); a .* model cannot be fitted"):
        kind(event=5).fit(X, y)
    with pytest.raises(ValueError, match="no row has event 2"):
        kind(event=2).fit(X, y, sample_weight=(y["event"] != 2).astype(float))
    with pytest.raises(ValueError, match="event must be a code of 1 or more"):
        kind(event=0).fit(X, y)

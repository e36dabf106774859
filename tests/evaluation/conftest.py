import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from secondplan.evaluation import compare
from secondplan.models.metrics.brier import marginal_incidence
from secondplan.models.metrics.inputs import check_metric_inputs
from secondplan.plans.cohort import Cohort


class MeanIncidence(BaseEstimator):
    """Stand-in for the reference: the Aalen-Johansen incidence of the training rows, for everybody."""

    def fit(self, X, y, *, sample_weight=None, cluster=None):
        self.y_ = y[y["entry"] == 0].reset_index(drop=True)
        self.cluster_ = cluster
        return self

    def predict_cumulative_incidence(self, X, times, *, event=1, eligible_days=None, elapsed=0.0):
        risk = marginal_incidence(check_metric_inputs(self.y_, np.zeros((len(self.y_), len(times))), times), event)
        return np.tile(risk, (len(X), 1))


class ByGroup(MeanIncidence):
    """Stand-in for a model: the incidence of the training rows with the same value of a column."""

    def __init__(self, column="disabled"):
        self.column = column

    def fit(self, X, y, *, sample_weight=None, cluster=None):
        self.parts_ = {
            value: MeanIncidence().fit(X[rows], y[rows.to_numpy()])
            for value in X[self.column].unique()
            for rows in [X[self.column] == value]
        }
        return self

    def predict_cumulative_incidence(self, X, times, *, event=1, eligible_days=None, elapsed=0.0):
        risk = np.empty((len(X), len(times)))
        for value, part in self.parts_.items():
            rows = (X[self.column] == value).to_numpy()
            risk[rows] = part.predict_cumulative_incidence(X[rows], times, event=event)
        return risk


@pytest.fixture(autouse=True)
def reference_stand_in(monkeypatch):
    monkeypatch.setattr(compare, "_reference_model", MeanIncidence)


@pytest.fixture(scope="session")
def by_group():
    return ByGroup


def make_cohort(n=1200, seed=0, delayed=0):
    """Children in families of up to four; disabled children have twice the hazard of a second plan."""
    rng = np.random.default_rng(seed)
    family = np.sort(rng.integers(0, n // 2, n))
    disabled = rng.uniform(size=n) < 0.4
    end = pd.Timestamp("2014-01-01") + pd.to_timedelta(rng.integers(0, 1500, n), unit="D")
    second = rng.exponential(np.where(disabled, 1200, 2400))
    care = rng.exponential(4000, n)
    observed = (pd.Timestamp("2019-03-31") - end).days.to_numpy(dtype=float)
    duration = np.ceil(np.minimum(np.minimum(second, care), observed))
    event = np.select([observed <= np.minimum(second, care), second <= care], [0, 1], 2)
    entry = np.zeros(n)
    late = np.flatnonzero(duration > 50)[:delayed]
    entry[late] = 30
    return Cohort(
        X=pd.DataFrame(
            {
                "disabled": pd.array(disabled, dtype="boolean"),
                "sex": pd.Categorical(rng.choice(["female", "male"], n)),
                "noise": rng.normal(size=n),
                "la_code": pd.array(rng.choice(["330", "331", "332"], n, p=[0.6, 0.39, 0.01]), dtype="string"),
            }
        ),
        y=pd.DataFrame({"entry": entry, "duration": duration, "event": event.astype("int64")}),
        keys=pd.DataFrame(
            {
                "child_id": pd.array([f"child{i}" for i in range(n)], dtype="string"),
                "plan_id": pd.array([f"plan{i}" for i in range(n)], dtype="string"),
                "family_id": pd.array([f"family{i}" for i in family], dtype="string"),
                "la_code": pd.array(["330"] * n, dtype="string"),
                "index_end": end,
            }
        ),
        eligible_days=pd.Series(np.full(n, np.inf)),
        flow=pd.DataFrame(columns=["step", "n_left_out", "n_remaining", "reason"]),
        care="competing",
        as_of=pd.Timestamp("2019-03-31"),
    )


@pytest.fixture(scope="session")
def cohort():
    return make_cohort()


@pytest.fixture(scope="session")
def cohort_with_delayed_entry():
    return make_cohort(delayed=40)

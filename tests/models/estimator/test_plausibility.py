"""What is said of more features than rows, and of days that are years: soon, with counts, and not of good data."""

import time
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from secondplan.models import AalenJohansen, BoostedHazard, CoxElasticNetCV, CoxPH
from secondplan.models.estimator.design import Design, TrainingRows
from secondplan.models.estimator.plausibility import check_number_of_features, warn_of_years
from secondplan.models.inputs.outcome import outcome_from_arrays

from ..all_models import MODELS, X, Y, outcome_for

COUNTS = r"^1,500 features for 300 rows, 200 of them with an event: "
RNG = np.random.default_rng(0)
WIDE = pd.DataFrame(RNG.normal(size=(300, 1500))).add_prefix("x").assign(category="NEG")
WIDE.loc[::2, "category"] = "EMO"
Y_WIDE = pd.DataFrame({"duration": RNG.integers(1, 700, 300), "event": np.arange(300) % 3})


class Began(Exception):
    pass


class Stopped(CoxPH):
    def _fit(self, rows):
        raise Began


@pytest.mark.parametrize("name", MODELS)
def test_more_features_than_rows_are_said_within_a_second(name, monkeypatch):
    model = clone(MODELS[name])

    def fit(self, rows):
        raise Began

    monkeypatch.setattr(type(model), "_fit", fit)
    columns = WIDE if "strat" in name else WIDE.drop(columns="category")
    started = time.process_time()
    if isinstance(model, AalenJohansen):  # has no features
        with pytest.raises(Began):
            model.fit(columns, Y_WIDE)
    elif isinstance(model, CoxElasticNetCV | BoostedHazard):
        with pytest.raises(Began), pytest.warns(UserWarning, match=COUNTS + "the fit may take long"):
            model.fit(columns, Y_WIDE)
    else:
        with pytest.raises(ValueError, match=COUNTS + "without a penalty no fit is the best"):
            model.fit(columns, Y_WIDE)
    assert time.process_time() - started < 1.0  # 0.1 s here


def rows_of(n_rows, n_features, duration=None, event=None, weight=None):
    duration = np.arange(n_rows) + 1.0 if duration is None else duration
    event = np.arange(n_rows) % 2 if event is None else event
    return TrainingRows(Design(np.zeros((n_rows, n_features))), outcome_from_arrays(duration, event), weight)


def test_penalties_and_rows_of_weight_0_count():
    with pytest.warns(UserWarning, match=COUNTS + "the fit may take long"), pytest.raises(Began):
        Stopped(alpha=0.1).fit(WIDE.drop(columns="category"), Y_WIDE)
    with pytest.raises(ValueError, match=COUNTS + "without a penalty"):
        Stopped(firth=True).fit(WIDE.drop(columns="category"), Y_WIDE)
    with pytest.warns(
        UserWarning, match="^200 features for 300 rows, 150 of them with an event: the fit may take long"
    ):
        check_number_of_features(rows_of(300, 200), is_penalised=False)
    with pytest.raises(ValueError, match=r"^200 features for 150 rows, 0 of them with an event"):
        check_number_of_features(rows_of(300, 200, weight=1.0 - np.arange(300) % 2), is_penalised=False)


@pytest.mark.parametrize("shape", [(300, 150), (4, 90), (10_000, 1500)])
def test_enough_rows_or_few_features_are_not_warned_of(shape):
    check_number_of_features(rows_of(*shape), is_penalised=False)


@pytest.mark.parametrize("name", MODELS)
def test_durations_in_years_are_warned_of(name, monkeypatch):
    model, y = clone(MODELS[name]), outcome_for(MODELS[name])

    def fit(self, rows):
        raise Began

    monkeypatch.setattr(type(model), "_fit", fit)
    years = y.assign(duration=y["duration"] / 365.25)
    with (
        pytest.raises(Began),
        pytest.warns(UserWarning, match=r"^durations have fractions and end long before .* 730 days"),
    ):
        model.fit(X, years)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for good, horizon in ((y, 730.0), (years, 2.0)):
            with pytest.raises(Began):
                model.set_params(horizon=horizon).fit(X, good)


@pytest.mark.parametrize(
    ("duration", "horizon"),
    [
        (np.arange(30.0), 730.0),  # a month of whole days
        (np.arange(30.0) + 0.5, 91.0),  # fractions of days, and a horizon of weeks
        (np.linspace(0.5, 800, 30), 730.0),
        (np.linspace(0.5, 50, 30), 730.0),
        (np.where(np.arange(30) < 5, 0.5, np.arange(30.0)), 730.0),  # day 0 taken as half a day
        (np.array([0.3, 1.2, 2.5]), 730.0),  # too few to tell
    ],
)
def test_days_are_not_taken_for_years(duration, horizon):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_years(rows_of(duration.size, 1, duration), horizon)
    assert caught == []


def test_one_row_far_off_does_not_hide_that_the_others_are_years_unless_it_counts():
    duration = np.append(Y["duration"] / 365.25, 5000.0)
    rows = rows_of(duration.size, 1, duration, weight=np.append(np.ones(len(Y)), 0.0))
    with pytest.warns(UserWarning, match="as if they were years"):
        warn_of_years(rows, 730.0)

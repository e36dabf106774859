"""One test over every model: what is said of days past the last follow-up of training."""

import warnings
from copy import copy

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from secondplan.models import AalenJohansen, CauseSpecificCox, CoxPH, DiscreteTimeHazard, RoystonParmar, load_model
from secondplan.models.inputs.follow_up import FollowUpWarning

from .all_models import MODELS, ONE_HAZARD, ROUNDING, WITHOUT_STRATA, simulate

X, _ = simulate(120, random_state=5)
ROWS = X.iloc[:4]
# Followed to day 200, but in one category to day 400.
LAST = np.where(X["category"] == "NEG", 400.0, 200.0)
TIMES = np.array([100.0, 200.0, 300.0, 730.0, 3650.0])


def outcome(model, *, last=LAST, complete=False):
    rng = np.random.default_rng(2)
    when = np.ceil(rng.exponential(250, len(X)))
    code = np.ones(len(X), dtype=int) if isinstance(model, ONE_HAZARD) else rng.integers(1, 3, len(X))
    return pd.DataFrame(
        {"duration": np.minimum(when, last), "event": code if complete else np.where(when > last, 0, code)}
    )


@pytest.fixture(scope="module")
def followed():
    """Every model, fitted."""
    return {name: clone(model).fit(X, outcome(model)) for name, model in MODELS.items()}


def calls(model):
    names = ["predict_cumulative_incidence", "predict_event_free", "predict_cumulative_incidence_interval"]
    names += ["predict_cumulative_incidence_std_error", "predict_cumulative_incidence_band"]
    names += ["predict_cumulative_hazard", "predict_survival"]
    return [getattr(model, name) for name in names if hasattr(model, name)]


def by_strata(model):
    """Whether follow-up is that of the row's stratum; strata of the censoring play no part in predictions."""
    return getattr(model, "strata", None) is not None


@pytest.mark.parametrize("saved", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_past_the_last_follow_up_of_the_stratum_nothing_is_known(name, saved, followed, tmp_path, request):
    model = followed[name]
    if saved:
        request.getfixturevalue("a_cell_each")  # so few rows have no errors in a saved model otherwise
        model = load_model(clone(model).fit(X, outcome(model)).save(tmp_path / "model"))
    last = LAST[:4] if by_strata(model) else np.full(4, 400.0)
    beyond = last[:, None] < TIMES
    for call in calls(model):
        with pytest.warns(FollowUpWarning) as caught:
            found = call(ROWS, TIMES)
        flat = found.reshape(4, TIMES.size, -1)
        assert np.all(np.isfinite(flat[~beyond]))
        assert np.all(np.isfinite(flat) if model._goes_on else np.isnan(flat[beyond]))
        assert len(caught) == 1
        text = str(caught[0].message)
        day = "day 200 to 400 (by stratum)" if by_strata(model) else "day 400,"
        assert text.startswith(f"4 of 4 rows: training was followed to {day}")
        # The advice can be followed.
        up_to = float(text.rpartition("up to ")[2])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert np.all(np.isfinite(call(ROWS, [up_to])))


@pytest.mark.parametrize("name", MODELS)
def test_what_is_known_of_a_row_anyway_stands(name, followed):
    model = followed[name]
    for call in calls(model):
        if "hazard" in call.__name__ and model._goes_on:
            continue  # takes neither
        eligible = call(ROWS, TIMES, eligible_days=150.0)
        np.testing.assert_allclose(eligible, call(ROWS, [100.0, *[150.0] * 4]), rtol=ROUNDING)
        with pytest.warns(FollowUpWarning, match=r"^3 of 4 rows: "):
            partly = call(ROWS, TIMES, eligible_days=[150.0, 1000.0, np.inf, 730.0])
        np.testing.assert_allclose(partly[0], eligible[0], rtol=ROUNDING)
        assert model._goes_on or np.isnan(partly[1:, -1]).all()
        with pytest.warns(FollowUpWarning, match=r"^4 of 4 rows: .*; it takes training data with a longer follow-up$"):
            later = call(ROWS, TIMES, elapsed=500.0)
        assert model._goes_on or np.isnan(later[:, 3:]).all()
        assert np.all(np.isfinite(later[:, :3]))  # before day 500 nothing can have happened


@pytest.mark.parametrize("name", MODELS)
def test_risk_and_score_at_a_horizon_past_the_follow_up(name, followed):
    model, y = followed[name], outcome(MODELS[name], last=900.0)
    for use in (lambda: model.predict(X), lambda: model.score(X, y)):
        with pytest.warns(FollowUpWarning, match=r"^120 of 120 rows: .* set a horizon, up to (2|4)00$"):
            found = use()
        assert np.all(np.isfinite(found) if model._goes_on else np.isnan(found))
    assert np.isnan(model.average_risk_)


@pytest.mark.parametrize("name", MODELS)
def test_tables_and_effects_say_it_once_and_leave_it_blank(name, followed):
    model = followed[name]
    has_interval = hasattr(model, "predict_cumulative_incidence_interval")
    with pytest.warns(FollowUpWarning, match=r"^4 of 4 rows: ") as caught:
        table = model.predict_risk_table(ROWS, [100, 730], interval=has_interval)
    assert len(caught) == 1 and table["risk_100"].notna().all()
    assert table["risk_730"].isna().all() != model._goes_on
    if name == "AalenJohansen":
        return  # has no column

    column = "category" if name.startswith("Aalen") else "age"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if name in (
            "AalenJohansen by stratum",
            "BoostedHazard",
            "StackedIncidence",
        ):  # an average of risks that are not known
            with pytest.raises(ValueError, match=r"followed to day 400; type: model.set_params\(horizon=400\)$"):
                model.partial_effect(column, X)
            caught.clear()
            model = copy(model).set_params(horizon=400.0)
        effect = model.partial_effect(column, X)
    assert effect.table["estimate"].notna().any()
    assert sum(issubclass(found.category, FollowUpWarning) for found in caught) <= 1


@pytest.mark.parametrize("name", MODELS)
def test_a_complete_curve_goes_on_without_a_warning(name):
    model = clone(MODELS[name])
    y = outcome(model, last=np.inf, complete=True)
    model.fit(X, y)
    for call in calls(model):
        found = call(ROWS, [5000.0, 9000.0])
        assert np.all(np.isfinite(found))
    assert np.isfinite(model.average_risk_) and np.isfinite(model.predict(ROWS)).all()


@pytest.mark.parametrize("name", WITHOUT_STRATA)
def test_a_row_of_weight_0_is_not_followed(name):
    model, y = clone(MODELS[name]), outcome(MODELS[name])
    y.loc[5, ["duration", "event"]] = 900.0, 0
    model.fit(X, y, sample_weight=np.where(X.index == 5, 0.0, 1.0))
    with pytest.warns(FollowUpWarning, match="followed to day 400,"):
        model.predict_cumulative_incidence(ROWS, [500.0])


def test_a_stratum_that_is_complete_goes_on_while_another_ends():
    y = outcome(CoxPH(), last=np.where(X["category"] == "NEG", np.inf, 200.0))
    model = CoxPH(strata="category").fit(X, y)
    with pytest.warns(FollowUpWarning, match="followed to day 200,"):
        risk = model.predict_cumulative_incidence(X, [9000.0])[:, 0]
    np.testing.assert_array_equal(np.isnan(risk), X["category"] != "NEG")


@pytest.mark.parametrize("model", [CoxPH(strata="category"), CauseSpecificCox(strata="category")])
def test_the_baseline_of_a_stratum_ends_with_its_follow_up(model):
    model.fit(X, outcome(model))
    hazard = model.baseline_cumulative_hazard_
    ends = hazard.index > 200
    for column in hazard:
        label = column if isinstance(column, str) else column[1]
        assert hazard.loc[ends, column].isna().all() == (label != "category=NEG")
        assert hazard.loc[~ends, column].notna().all()


def test_a_known_end_and_other_events_count_as_the_model_counts_them():
    y = outcome(CauseSpecificCox(), last=200.0)
    everybody = y.assign(event=y["event"].where(y["event"] > 0, 4))
    CauseSpecificCox().fit(X, everybody).predict(ROWS)
    for model in (CauseSpecificCox(known_end_event=4), CoxPH()):
        with pytest.warns(FollowUpWarning, match="followed to day 200,"):
            model.fit(X[["age"]], everybody)._asked(ROWS[["age"]], [730], None, 0.0)


def test_rows_of_an_unseen_stratum_are_followed_as_all_are():
    model = AalenJohansen(strata="category", unseen="marginal").fit(X, outcome(AalenJohansen()))
    rows = pd.DataFrame({"category": ["NEW", "EMO", "NEG"]})
    with pytest.warns(FollowUpWarning, match=r"^3 of 3 rows: .* day 200 to 400 "):
        risk = model.predict_cumulative_incidence(rows, [300.0, 400.0, 401.0])
    assert np.isnan(risk).tolist() == [[False, False, True], [True] * 3, [False, False, True]]


@pytest.mark.parametrize("periods", [[50, 100, 150], 40])
def test_periods_that_end_before_the_follow_up_end_the_curve(periods):
    y = outcome(DiscreteTimeHazard())
    model = DiscreteTimeHazard(period_days=periods, period_df=1, max_days=140).fit(X[["age"]], y)
    end = model.period_ends_[-1]
    assert end < 200
    with pytest.warns(FollowUpWarning, match=f"followed to day {end:g},"):
        risk = model.predict_cumulative_incidence(ROWS[["age"]], [end, end + 1])
    assert np.isfinite(risk[:, 0]).all() and np.isnan(risk[:, 1]).all()


def test_a_day_that_rounding_makes_later_is_the_last_day():
    y = pd.DataFrame({"duration": [0.1 + 0.2, 0.3, 0.2, 0.1], "event": [0, 1, 1, 0]})
    model = AalenJohansen(horizon=0.2).fit(np.ones((4, 1)), y)
    assert np.isfinite(model.predict_cumulative_incidence(np.ones((1, 1)), [0.1 + 0.2])).all()


def test_hazards_of_splines_go_on_and_say_so_once():
    model = RoystonParmar(df=1).fit(X[["age"]], outcome(RoystonParmar()))
    row = ROWS[["age"]].iloc[[0]]
    for call in (
        lambda: model.predict_hazard(row, [100, 500]),
        lambda: model.predict_hazard_interval(row, [100, 500]),
        lambda: model.hazard_ratio(row, row, [100, 500]),
        lambda: model.hazard_curves(row, [100, 500]),
        lambda: model.baseline_hazard([100, 500]),
    ):
        with pytest.warns(
            FollowUpWarning, match=r"^1 of 1 rows: .* day 400, what is past it rests on the form"
        ) as caught:
            assert np.isfinite(np.asarray(call(), dtype=float)).all()
        assert len(caught) == 1
    model.hazard_curves(row)

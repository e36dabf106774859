from types import SimpleNamespace
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from secondplan.errors import InputError
from secondplan.models import AalenJohansen, CauseSpecificCox, CoxPH, DiscreteTimeHazard, FollowUpWarning, ParametricAFT
from secondplan.models.bundle import load_model, model_digest
from secondplan.models.estimator import bundle_files
from secondplan.models.estimator.bundle_files import save_bundle
from secondplan.scoring import HORIZONS, RiskBands, score, score_batch, score_batches
from secondplan.scoring.scorer import has_interval

from .conftest import make_features, make_outcomes

RISKS = [f"risk_{day}" for day in HORIZONS]
# Predictions of the same row in another batch differ by the rounding of matrix products only.
ROUNDING = 1e-12


def features(cases):
    return cases.drop(columns=["child_id", "plan_id", "eligible_days", "elapsed"])


def expected_of(model, cases, method="predict_cumulative_incidence"):
    """Row by row: the horizons count from the day of scoring."""
    predict, rows = getattr(model, method), []
    for row in range(len(cases)):
        case = cases.iloc[[row]].reset_index(drop=True)
        days = {"eligible_days": case["eligible_days"], "elapsed": case["elapsed"]}
        rows.append(predict(features(case), case["elapsed"][0] + np.array(HORIZONS), **days))
    return np.concatenate(rows)


def test_risks_are_those_of_the_model(model, cases):
    table = score(model, cases)
    np.testing.assert_allclose(table[RISKS], expected_of(model, cases), atol=ROUNDING)
    assert list(table["child_id"]) == list(cases["child_id"])
    assert np.all(np.diff(table[RISKS].to_numpy(), axis=1) >= 0)


def test_columns_are_those_of_the_design(model, cases):
    columns = list(score(model, cases).columns)
    interval = [name for name in columns if name.startswith(("lower_", "upper_"))]
    reasons = ["reason_1", "reason_2", "reason_3"]
    assert columns == ["child_id", "plan_id", *RISKS, *interval, "band", *reasons, "flags", "model_digest"]


def test_intervals_are_those_of_the_bundle_where_the_model_gives_them(model, cases, model_data, tmp_path):
    X, y = model_data
    cox = CoxPH().fit(X, y.assign(event=(y["event"] == 1).astype(int)))
    table = score(cox, cases)
    saved = load_model(cox.save(tmp_path / "bundle"))
    expected = expected_of(saved, cases, "predict_cumulative_incidence_interval")
    for position, day in enumerate(HORIZONS):
        np.testing.assert_allclose(table[f"lower_{day}"], expected[:, position, 0], atol=ROUNDING)
        np.testing.assert_allclose(table[f"upper_{day}"], expected[:, position, 1], atol=ROUNDING)
    assert has_interval(model) == ("lower_730" in score(model, cases))


@pytest.mark.parametrize("estimator", [ParametricAFT(), DiscreteTimeHazard()])
def test_intervals_under_competing_risks_hold_the_risk(estimator, cases, model_data):
    table = score(estimator.fit(*model_data), cases)
    expected = expected_of(estimator, cases, "predict_cumulative_incidence_interval")
    for position, day in enumerate(HORIZONS):
        bounds = table[[f"lower_{day}", f"upper_{day}"]]
        np.testing.assert_allclose(bounds, expected[:, position], atol=ROUNDING)
        assert table[f"risk_{day}"].between(bounds.iloc[:, 0], bounds.iloc[:, 1]).all()


def test_scores_do_not_depend_on_order_or_company(model, cases):
    whole = score(model, cases)
    alone = pd.concat([score(model, cases.iloc[[position]]) for position in (30, 2, 11)], ignore_index=True)
    together = whole.iloc[[30, 2, 11]].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, together, atol=ROUNDING, rtol=0)


def test_open_cases_bring_their_days_and_flags(model, cases):
    opened = SimpleNamespace(
        X=features(cases),
        keys=cases[["child_id", "plan_id"]].assign(la_code="330", family_id="f", index_end=pd.Timestamp("2018-01-01")),
        eligible_days=cases["eligible_days"],
        elapsed=cases["elapsed"],
        flags=pd.Series(["plan_open"] + [""] * (len(cases) - 1), dtype="string"),
    )
    table = score(model, opened)
    np.testing.assert_allclose(table[RISKS], score(model, cases)[RISKS], atol=ROUNDING)
    assert table["flags"].str.contains("plan_open").tolist() == [True] + [False] * (len(cases) - 1)


def test_from_the_end_of_the_plan_a_horizon_that_is_over_has_no_number(model, cases):
    rows = cases.iloc[:3].assign(eligible_days=[200.0, np.nan, 5000.0], elapsed=[0, 800, 100])
    table = score(model, rows, origin="plan_end")
    assert table["flags"].tolist() == ["eighteen_before_horizon;no_interval", "past_horizon", "past_horizon"]
    assert table.loc[0, "risk_365"] == table.loc[0, "risk_730"]
    numbers = [name for name in table if name.startswith(("risk_", "lower_", "upper_"))]
    assert table.loc[1, numbers].isna().all() and pd.isna(table.loc[1, "band"]) and table.loc[1, "reason_1"] == ""
    assert np.isnan(table.loc[2, "risk_91"]) and table.loc[2, ["risk_182", "risk_730"]].notna().all()
    expected = model.predict_cumulative_incidence(features(rows.iloc[[2]]), [730], elapsed=100)
    assert table.loc[2, "risk_730"] == pytest.approx(expected[0, 0], abs=ROUNDING)
    assert score(model, rows.drop(columns="elapsed"), origin="plan_end")["flags"].tolist()[1:] == ["no_interval"] * 2


def test_from_the_day_of_scoring_days_since_the_plan_are_needed(model, cases):
    with pytest.raises(InputError, match=r"lack the column elapsed .*origin=\"plan_end\""):
        score(model, cases.drop(columns="elapsed"))
    with pytest.raises(InputError, match="1 bad_days of 3"):
        score(model, cases.iloc[:3].assign(elapsed=[0, np.nan, 5]))
    with pytest.raises(ValueError, match="origin"):
        score(model, cases, origin="today")


def test_a_child_of_18_has_no_number_but_a_flag(model, cases):
    table = score(model, cases.iloc[:3].assign(eligible_days=[50.0, 49.0, 51.0], elapsed=50))
    assert table["flags"].tolist()[:2] == ["already_eighteen"] * 2
    assert "eighteen_before_horizon" in table["flags"][2]
    assert table.loc[:1, [*RISKS, "band"]].isna().all(axis=None) and table.loc[2, RISKS].notna().all()


def test_the_digest_is_that_of_the_saved_bundle(model, cases, tmp_path):
    path = save_bundle(model, tmp_path / "bundle")
    assert score(model, cases)["model_digest"].unique().tolist() == [model_digest(path)]
    assert score(load_model(path), cases).equals(score(model, cases))


def test_what_is_loaded_or_was_scored_before_is_not_written_again(model, cases, tmp_path, monkeypatch):
    before = score(model, cases)
    loaded = load_model(model.save(tmp_path / "model"))
    monkeypatch.setattr(bundle_files, "save_bundle", lambda *given: pytest.fail("a bundle was written"))
    for ready in (model, loaded):
        pd.testing.assert_frame_equal(score(ready, cases), before)


def test_a_loaded_model_that_was_changed_is_another_model(model, cases, tmp_path):
    changed = load_model(model.save(tmp_path / "model"))
    changed.average_risk_ += 0.01
    assert score(changed, cases)["model_digest"].iloc[0] != score(model, cases)["model_digest"].iloc[0]


def test_a_bundle_of_another_version_keeps_its_digest(model, cases, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle_files, "__version__", "0.0.1")
    path = model.save(tmp_path / "model")
    monkeypatch.undo()
    assert score(load_model(path), cases)["model_digest"].unique().tolist() == [model_digest(path)]


def test_imputation_and_unseen_levels_are_flagged(lenient_model, cases):
    rows = cases.iloc[:4].copy()
    rows.loc[rows.index[1], "n_reviews"] = np.nan
    rows.loc[rows.index[2], "latest_category"] = "SAB"
    rows.loc[rows.index[3], "latest_category"] = pd.NA
    assert score(lenient_model, rows)["flags"].tolist() == ["", "imputed", "unseen_level", ""]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("n_reviews", np.nan, "missing_value"),
        ("n_reviews", -1.0, "out_of_range"),
        ("plan_length_days", np.inf, "out_of_range"),
        ("latest_category", "SAB", "unseen_level"),
        ("factor_domestic_abuse", pd.NA, "missing_value"),
        ("child_id", pd.NA, "missing_key"),
        ("plan_id", " ", "missing_key"),
        ("elapsed", -1, "bad_days"),
        ("eligible_days", -10.0, "bad_days"),
    ],
)
def test_what_cannot_be_scored_is_counted_by_code_not_shown(model, cases, column, value, code):
    rows = cases.iloc[:5].assign(elapsed=50)
    rows.loc[rows.index[2], column] = value
    with pytest.raises(InputError, match=f"1 {code} of 5 cases") as error:
        score(model, rows)
    assert "C000" not in str(error.value)
    assert "SAB" not in str(error.value)


def test_uuids_are_keys_and_lists_are_text(model, cases):
    rows = cases.head(2).astype({"child_id": object, "plan_id": object})
    rows["child_id"], rows["plan_id"] = [UUID(int=1), UUID(int=2)], [["a", "1"], ["b", "1"]]
    found = score(model, rows)
    assert found["child_id"].tolist() == [str(UUID(int=1)), str(UUID(int=2))]
    assert found["plan_id"].tolist() == ["['a', '1']", "['b', '1']"]


@pytest.mark.skipif(not hasattr(pa, "uuid"), reason="Arrow has no UUID yet")
def test_uuids_of_arrow_are_keys(model, cases):
    rows = pa.Table.from_pandas(cases.head(2), preserve_index=False)
    uuids = [UUID(int=1), UUID(int=2)]
    ((scores, _),) = score_batches(
        model, rows.set_column(0, "child_id", pa.array([one.bytes for one in uuids], pa.uuid()))
    )
    assert scores["child_id"].to_pylist() == [str(one) for one in uuids]


def test_a_column_of_lists_is_no_key(model, cases):
    rows = pa.Table.from_pandas(cases.head(2), preserve_index=False)
    with pytest.raises(InputError, match="the column child_id must hold text or numbers, not list"):
        list(score_batches(model, rows.set_column(0, "child_id", pa.array([["a"], ["b"]]))))


def test_repeated_keys_are_refused(model, cases):
    with pytest.raises(InputError, match="1 of 4 cases"):
        score(model, cases.iloc[[0, 1, 2, 1]])


def test_a_missing_column_is_named(model, cases):
    with pytest.raises(InputError, match="n_reviews"):
        score(model, cases.drop(columns="n_reviews"))


def test_text_is_read_as_what_the_model_needs(model, cases):
    text = cases.astype("string")
    text["factor_domestic_abuse"] = cases["factor_domestic_abuse"].map({True: "Yes", False: "0"}).astype("string")
    assert score(model, text).equals(score(model, cases))


def test_no_cases_give_no_rows_but_all_columns(model, cases):
    empty = score(model, cases.iloc[:0])
    assert len(empty) == 0
    assert list(empty.columns) == list(score(model, cases).columns)


def test_strata_that_training_had_not_are_found(cases, model_data):
    X, y = model_data
    cox = CoxPH(strata="latest_category").fit(X, y.assign(event=(y["event"] == 1).astype(int)))
    bands = RiskBands(0.1)
    assert len(score(cox, cases, bands=bands)) == len(cases)
    with pytest.raises(InputError, match="1 unseen_level"):
        score(cox, cases.assign(latest_category=["XXX", *cases["latest_category"][1:]]), bands=bands)
    marginal = AalenJohansen(strata="latest_category", unseen="marginal").fit(X, y)
    table = score(marginal, cases.assign(latest_category=["XXX", *cases["latest_category"][1:]]), bands=bands)
    assert table["flags"].str.contains("unseen_level").tolist() == [True] + [False] * (len(cases) - 1)


def test_a_model_without_features_gives_everybody_the_same_risk_and_no_reason(cases, model_data):
    reference = AalenJohansen().fit(*model_data)
    table = score(reference, cases.assign(elapsed=0, eligible_days=np.nan))
    assert table[RISKS].drop_duplicates().shape[0] == 1
    assert table["risk_730"].iloc[0] == pytest.approx(reference.predict(model_data[0])[0])
    assert table["band"].unique().tolist() == ["average"]
    assert (table["reason_1"] == "").all()


def test_a_model_of_another_event_is_refused(cases, model_data):
    X, y = model_data
    with pytest.raises(InputError, match="event 1"):
        score(CoxPH(event=2).fit(X, y), cases)


@pytest.mark.parametrize("times", [(), (365, 91), (0,), (np.nan,)])
def test_times_must_ascend(model, cases, times):
    with pytest.raises(InputError, match="times"):
        score(model, cases, times=times)


def followed_to(day, kind=CauseSpecificCox, **params):
    X = make_features(200, 1)
    y = make_outcomes(X, 2)
    cut = y["duration"] > day
    y = y.assign(duration=y["duration"].clip(upper=day), event=y["event"].mask(cut, 0))
    return kind(**params).fit(X, y, cluster=np.arange(200))  # by clusters, so that intervals are saved


def test_past_the_follow_up_of_training_a_case_is_flagged_and_has_no_number_and_no_band(cases):
    model = followed_to(400)
    rows = cases.iloc[:3].assign(eligible_days=[300.0, np.nan, np.nan], elapsed=[0, 0, 450])
    with pytest.warns(FollowUpWarning, match=r"^2 of 3 cases have a horizon past .* longer follow-up$") as caught:
        table = score(model, rows)
    assert sum(issubclass(warning.category, FollowUpWarning) for warning in caught) == 1
    assert table["flags"].tolist() == ["eighteen_before_horizon", "past_follow_up", "past_follow_up"]
    known = np.array([[True] * 4, [True, True, True, False], [False] * 4])
    for column in ("risk", "lower", "upper"):
        numbers = table[[f"{column}_{day}" for day in (91, 182, 365, 730)]]
        np.testing.assert_array_equal(numbers.notna(), known)
    # The average at day 730 is not known either: nobody has a band, nor a reason where there is no number.
    assert table["band"].isna().all()
    assert (table.loc[1:, ["reason_1", "reason_2", "reason_3"]] == "").all(axis=None)
    stated = score(model, rows.iloc[:2], times=(91, 365))
    assert stated["band"].notna().all() and not stated["flags"].str.contains("past_follow_up").any()


def test_bands_that_are_stated_are_given_to_those_whose_risk_is_known(cases):
    rows = cases.iloc[:2].assign(eligible_days=[300.0, np.nan], elapsed=0)
    with pytest.warns(FollowUpWarning):
        table = score(followed_to(400), rows, bands=RiskBands(0.1))
    assert table["band"].isna().tolist() == [False, True]


def test_a_parametric_model_states_a_number_past_the_follow_up_and_the_flag(cases):
    with pytest.warns(FollowUpWarning):
        table = score(followed_to(400, ParametricAFT), cases.iloc[:2].assign(elapsed=0, eligible_days=np.nan))
    assert table[RISKS].notna().all(axis=None) and table["flags"].eq("past_follow_up").all()


def test_a_batch_flags_what_is_past_the_follow_up(cases, tmp_path):
    rows = cases.iloc[:4].assign(eligible_days=np.nan, elapsed=0)
    rows.to_parquet(tmp_path / "cases.parquet")
    done = score_batch(followed_to(400), tmp_path / "cases.parquet", tmp_path / "out", rows_per_part=2, formats=["csv"])
    assert (done.n_read, done.n_scored) == (4, 4)
    for table in (
        pd.read_parquet(tmp_path / "out" / "scores"),
        pd.read_csv(tmp_path / "out" / "scores.csv"),
    ):
        assert table["risk_365"].notna().all() and table[["risk_730", "lower_730", "upper_730"]].isna().all(axis=None)
        assert table["band"].isna().all() and table["flags"].str.contains("past_follow_up").all()


def test_days_without_an_event_in_training_have_no_risk_and_no_interval(model, model_data):
    """So many rows that sums over days are shared: a difference of two would leave rounding."""
    X, y = model_data
    days = np.unique(y.loc[y["event"] == 1, "duration"])
    gaps = np.flatnonzero(np.diff(days) > 2)
    begin = np.resize(days[gaps], 3000)
    rows = X.iloc[np.arange(3000) % len(X)].reset_index(drop=True)
    until = np.resize(days[gaps + 1], 3000)[:, None] - np.array([[1.0, 0.0]])
    risk = model.predict_cumulative_incidence(rows, until, elapsed=begin)
    bounds = model.predict_cumulative_incidence_interval(rows, until, elapsed=begin)
    assert (risk[:, 0] == 0).all() and (bounds[:, 0] == 0).all()
    assert (risk[:, 1] > 0).all() and (bounds[:, 1, 1] < 1).all()

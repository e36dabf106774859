import dataclasses
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold
from statsmodels.duration.hazard_regression import PHReg

from secondplan.evaluation import TemporalSplit, compare_models, evaluate_model
from secondplan.evaluation.compare import time_grid
from secondplan.evaluation.fitting import failure_line, predict_risk
from secondplan.models import AalenJohansen, CauseSpecificCox, DiscreteTimeHazard, FeatureEncoder
from secondplan.models.external.model import ExternalModel
from secondplan.models.metrics import MetricWarning, brier_score, calibration_slope, concordance_index

SLOW = "fit_seconds"


@pytest.fixture(scope="module")
def models():
    from sklearn.base import BaseEstimator

    class NeedsSeed(BaseEstimator):
        """Random risks: worthless, but the same in every run if and only if its seed is."""

        seen: ClassVar[list] = []

        def __init__(self, random_state=None):
            self.random_state = random_state

        def fit(self, X, y, *, cluster=None):
            NeedsSeed.seen.append((self.random_state, len(X), cluster is not None))
            return self

        def predict_cumulative_incidence(self, X, times, *, event=1, eligible_days=None, elapsed=0.0):
            return np.random.default_rng(self.random_state).uniform(0.05, 0.3, (len(X), len(times)))

    return {"random": NeedsSeed()}


@pytest.fixture
def comparison(cohort, by_group):
    return compare_models({"disabled": by_group()}, cohort, folds=4)


def test_tables_have_the_agreed_columns(comparison):
    assert comparison.table.index.tolist() == ["disabled", "AalenJohansen"]
    columns = "brier_365 brier_730 ipa_730 auc_365 auc_730 ici_730 c_index calibration_slope_730 fit_seconds"
    assert set(columns.split()) <= set(comparison.table)
    bounded = [*columns.split()[:-1], "observed_expected_730", "difference_to_null_730"]
    assert {f"{name}_{bound}" for name in bounded for bound in ("lower", "upper")} <= set(comparison.table)
    assert [name for name in comparison.curves if "_" not in name] == ["model", "day", "brier", "ipa", "auc"]
    assert comparison.calibration.columns.tolist() == [
        "model", "day", "bin", "predicted", "observed", "lower", "upper", "n", "n_events",
    ]  # fmt: skip
    assert len(comparison.by_fold) == 8
    assert set(comparison.models) == {"disabled", "AalenJohansen"}
    assert comparison.failures == {}


def test_a_true_predictor_beats_the_reference(comparison):
    table = comparison.table
    assert table.loc["disabled", "brier_730"] < table.loc["AalenJohansen", "brier_730"]
    assert table.loc["disabled", "auc_730"] > 0.55
    assert table.loc["AalenJohansen", "auc_730"] == pytest.approx(0.5)
    assert table.loc["AalenJohansen", "ipa_730"] == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(table.loc["AalenJohansen", "calibration_slope_730"])
    low, high = table.loc["disabled", ["calibration_slope_730_lower", "calibration_slope_730_upper"]]
    assert low < 1 < high
    assert table.loc["disabled", "difference_to_null_730_upper"] < 0
    assert "disabled is better than the average risk beyond noise: it differs from it by -0." in comparison.verdict
    assert comparison.verdicts == {"disabled": "better than the average risk beyond noise"}


def test_measures_are_of_all_tested_rows_together(cohort, comparison):
    own = comparison.predictions[comparison.predictions["model"] == "disabled"]
    y = cohort.y.iloc[own["row"]].reset_index(drop=True)
    row, differences = comparison.table.loc["disabled"], comparison.differences
    assert row["brier_365"] == pytest.approx(brier_score(y, own["risk_365"], [365])[0], rel=1e-10)
    assert row["c_index"] == pytest.approx(concordance_index(y, own["risk_730"], horizon=730), rel=1e-10)
    gap = row["brier_365"] - comparison.table.loc["AalenJohansen", "brier_365"]
    at = differences[(differences["metric"] == "brier") & (differences["time"] == 365)]
    assert at[["model", "reference"]].to_numpy().tolist() == [["disabled", "AalenJohansen"]]
    assert at["difference"].iloc[0] == pytest.approx(gap, rel=1e-9)
    part = own[own["fold"] == 0]
    fold = comparison.by_fold[comparison.by_fold["model"] == "disabled"].iloc[0]
    assert fold["brier_365"] == pytest.approx(brier_score(cohort.y.iloc[part["row"]], part["risk_365"], [365])[0])


def test_calibration_is_of_the_pooled_predictions(cohort, comparison):
    own = comparison.predictions[comparison.predictions["model"] == "disabled"]
    rows = own["row"].to_numpy()
    assert np.array_equal(np.sort(rows), np.arange(len(cohort)))
    slope = calibration_slope(cohort.y.iloc[rows], own["risk_730"].to_numpy(), 730, cluster=cohort.cluster.iloc[rows])
    assert comparison.table.loc["disabled", "calibration_slope_730"] == pytest.approx(slope.estimate)
    half = comparison.table.loc["disabled", "calibration_slope_730_upper"] - slope.estimate
    assert half == pytest.approx(1.96 * slope.std_error, rel=0.02)
    points = comparison.calibration[
        (comparison.calibration["model"] == "disabled") & (comparison.calibration["day"] == 91)
    ]
    assert points["n"].sum() == len(cohort)


def test_predictions_come_from_models_that_did_not_see_the_family(cohort, by_group):
    """A model that remembers its training families finds none of them in the test rows."""

    class Remembers(by_group):
        def fit(self, X, y, *, sample_weight=None, cluster=None):
            self.seen_ = set(cluster)
            return super().fit(X, y)

        def predict_cumulative_incidence(self, X, times, *, event=1, eligible_days=None, elapsed=0.0):
            test = set(cohort.cluster[cohort.X["noise"].isin(X["noise"])])
            assert test
            assert not test & self.seen_
            return super().predict_cumulative_incidence(X, times, event=event)

    assert compare_models({"remembers": Remembers()}, cohort, folds=3).failures == {}


def test_same_seed_same_result_and_seeds_differ_between_folds(cohort, models):
    type(models["random"]).seen.clear()
    first, second = (compare_models(models, cohort, folds=3, random_state=5) for _ in range(2))
    pd.testing.assert_frame_equal(first.table.drop(columns=SLOW), second.table.drop(columns=SLOW))
    pd.testing.assert_frame_equal(first.predictions, second.predictions)
    seeds = [seed for seed, _, _ in type(models["random"]).seen]
    assert len(set(seeds)) == 3
    assert all(clustered for *_, clustered in type(models["random"]).seen)
    assert models["random"].random_state is None


def test_a_model_that_fails_gets_one_line_and_does_not_stop_the_rest(cohort, by_group):
    class Quotes(by_group):
        def fit(self, X, y, *, sample_weight=None, cluster=None):
            raise ValueError("could not convert 'Alice'\nto float")

    class Impossible(by_group):
        def predict_cumulative_incidence(self, X, times, *, event=1, eligible_days=None, elapsed=0.0):
            return np.full((len(X), len(times)), 1.5)

    result = compare_models({"quotes": Quotes(), "impossible": Impossible(), "good": by_group()}, cohort, folds=3)
    assert result.table.index.tolist() == ["good", "AalenJohansen"]
    assert set(result.failures) == {"quotes", "impossible"}
    assert "Alice" not in result.failures["quotes"]
    assert result.failures["quotes"].startswith("fold 1 of 3: ValueError")
    assert "outside 0 to 1 in 4" in result.failures["impossible"]
    assert "\n" not in "".join(result.failures.values())
    assert "quotes" in result._repr_html_()


def test_warnings_of_models_are_collected_and_counted(cohort, by_group):
    import warnings

    from secondplan.caller_warnings import warn

    class Warns(by_group):
        def fit(self, X, y, *, sample_weight=None, cluster=None):
            warnings.warn("a library quotes Alice", RuntimeWarning, stacklevel=1)
            warn("few events" + ", few of many" * 20 + "; leave features out")
            return super().fit(X, y)

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        result = compare_models({"warns": Warns()}, cohort, folds=3)
    library, own = result.notes["warns"]
    assert library == "RuntimeWarning (raised by a library) (3 of 3 folds)"
    assert own.startswith("UserWarning: few events, ") and own.endswith(" ...; leave features out (3 of 3 folds)")
    assert "few events" in result._repr_html_()


def test_nothing_that_works_is_an_error(cohort, monkeypatch):
    from sklearn.base import BaseEstimator

    from secondplan.evaluation import compare

    class Broken(BaseEstimator):
        def fit(self, X, y):
            raise RuntimeError

    monkeypatch.setattr(compare, "_reference_model", Broken)
    with pytest.raises(ValueError, match="no model could be compared; broken: fold 1 of 2: RuntimeError"):
        compare_models({"broken": Broken()}, cohort, folds=2)
    with pytest.raises(ValueError, match="no models"):
        compare_models({}, cohort)


def test_messages_of_the_package_are_passed_on():
    try:
        time_grid([-1])
    except ValueError as error:
        assert failure_line(error) == (
            "ValueError: times must be days: one dimension, finite, not negative; got 1 of 1 that are not"
        )
    try:
        np.asarray("Alice", dtype=float)
    except ValueError as error:
        assert "Alice" not in failure_line(error)


@pytest.mark.parametrize(("events", "cut_off"), [((1, 2), True), ((1, 2, 4), False)])
def test_eligible_days_end_the_curve_unless_the_birthday_is_an_event(cohort, by_group, events, cut_off):
    class Records(by_group):
        def predict_cumulative_incidence(self, X, times, *, event=1, eligible_days=None, elapsed=0.0):
            self.given_ = eligible_days
            return super().predict_cumulative_incidence(X, times, event=event)

    model = Records().fit(cohort.X, cohort.y)
    model.events_ = events
    predict_risk(model, cohort, np.array([365.0]))
    assert (model.given_ is not None) == cut_off


def test_the_package_s_own_models(cohort):
    """On 1,200 children, of whom the disabled have twice the hazard, Cox finds the difference and one slope."""
    from secondplan.models import AalenJohansen, CauseSpecificCox

    result = compare_models({"cox": CauseSpecificCox(), "AalenJohansen": AalenJohansen()}, cohort, folds=3)
    assert result.failures == {}
    assert result.table.index.tolist() == ["cox", "AalenJohansen"]
    assert result.table.loc["cox", "auc_730"] > 0.55
    assert result.table.loc["AalenJohansen", "auc_730"] == pytest.approx(0.5)
    assert abs(result.table.loc["cox", "observed_expected_730"] - 1) < 0.05
    assert np.isnan(result.table.loc["AalenJohansen", "calibration_slope_730"])


def test_split_in_time(cohort, by_group):
    split = TemporalSplit("2016-01-01")
    result = compare_models({"disabled": by_group()}, cohort, folds=split)
    train, test = split.split(cohort)
    rows = result.predictions.loc[result.predictions["model"] == "disabled", "row"].to_numpy()
    pd.testing.assert_frame_equal(cohort.y.iloc[rows].reset_index(drop=True), test.y)
    alone = evaluate_model(by_group().fit(train.X, train.y), test, name="disabled")
    columns = [name for name in alone.table if name != SLOW]
    pd.testing.assert_frame_equal(alone.table.loc[["disabled"], columns], result.table.loc[["disabled"], columns])
    assert set(alone.differences["reference"]) == {"AalenJohansen"}
    assert "one test set" in alone._repr_html_()


def test_delayed_entry_is_counted_once(cohort_with_delayed_entry, by_group):
    with pytest.warns(MetricWarning) as caught:
        result = compare_models({"disabled": by_group()}, cohort_with_delayed_entry, folds=3)
    assert ["40 of 1200 test rows have delayed entry" in str(warning.message) for warning in caught] == [True]
    assert result.by_fold.groupby("model")["n"].sum().tolist() == [1200, 1200]


def test_horizon_past_follow_up_is_nan_and_said_once(cohort, by_group):
    with pytest.warns(MetricWarning, match="nobody is observed to day 4000") as caught:
        result = compare_models({"disabled": by_group()}, cohort, folds=3, times=[365, 4000])
    assert len(caught) == 1
    assert result.curves["day"].unique().tolist() == [365, 730, 4000]
    assert result.curves.set_index("day").loc[4000, "brier"].isna().all()
    assert result.table["brier_730"].notna().all()


def test_other_splitters_and_their_dangers(cohort, by_group):
    rows = np.arange(len(cohort))
    with pytest.warns(UserWarning, match="families have children on both sides"):
        compare_models({"disabled": by_group()}, cohort, folds=list(KFold(3).split(rows)))
    with pytest.raises(ValueError, match="tested more than once"):
        compare_models({"disabled": by_group()}, cohort, folds=[(rows[600:], rows[:600]), (rows[700:], rows[500:700])])


def test_page_shows_counts_and_no_predictions(comparison):
    page = comparison._repr_html_()
    assert "1,200 children in 4 folds by family, 495 with a second plan" in page
    assert "Brier score, 730 days" in page
    assert " to " in page
    assert comparison.verdict in repr(comparison) and "better than the average risk beyond noise" in page
    shown = page + repr(comparison)
    assert not any(child in shown for child in comparison.cohort.keys["child_id"].astype(str) if not child.isdigit())
    assert "0.568 (0.531 to 0.604)" in repr(comparison)
    assert "risk_730" not in shown


def test_a_comparison_draws_its_models_and_not_the_average_risk(comparison):
    ax = comparison.plot()
    assert [line.get_label() for line in ax.get_lines()][1:] == [
        name for name in comparison.table.index if name != comparison.reference
    ]
    gains = 100 * comparison.curves.set_index("model").loc[ax.get_lines()[1].get_label(), "ipa"]
    np.testing.assert_allclose(np.asarray(ax.get_lines()[1].get_ydata(), float), gains)
    assert "with 95 % intervals" in ax.get_title("left")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"models": AalenJohansen()}, "models must be a mapping"),
        ({"cohort": pd.DataFrame()}, "got DataFrame"),
        ({"folds": "in time"}, "folds must be a number, a design such as"),
    ],
)
def test_what_cannot_be_compared_is_named(cohort, by_group, wrong, words):
    with pytest.raises(TypeError, match=words):
        compare_models(**({"models": {"own": by_group()}, "cohort": cohort} | wrong))


def test_a_known_end_may_be_absent_from_a_fold_but_not_from_the_cohort(cohort):
    y = cohort.y.assign(event=cohort.y["event"].clip(upper=2))
    with_one = y.assign(event=np.where(np.arange(len(y)) == 0, 4, y["event"]))
    models = {"cox": DiscreteTimeHazard(known_end_event=4, period_effect="polynomial", period_df=1)}
    assert compare_models(models, dataclasses.replace(cohort, y=with_one), folds=2).failures == {}
    failed = compare_models(models, dataclasses.replace(cohort, y=y), folds=2).failures
    assert "known_end_event 4: no row has this event" in failed["cox"]


@pytest.mark.filterwarnings("ignore:folds. up to")
def test_ipa_brier_and_differences_are_of_the_same_rows(cohort, by_group):
    """In two of five folds nobody has the event by day 730: their Brier scores count, and so must their part of IPA."""
    rows = np.arange(len(cohort))
    late = (cohort.y["event"] != 1) | (cohort.y["duration"] > 730)
    without = [np.flatnonzero(late & (rows % 7 == fold)) for fold in (0, 1)]
    others = np.setdiff1d(rows, np.concatenate(without))
    tests = [*without, *(others[fold::3] for fold in range(3))]
    result = compare_models({"group": by_group()}, cohort, folds=[(np.setdiff1d(rows, test), test) for test in tests])
    folds = result.by_fold[result.by_fold["model"] == "group"]
    assert folds["ipa_730"].isna().tolist() == [True, True, False, False, False]
    row, null = result.table.loc["group"], result.table.loc["AalenJohansen", "brier_730"]
    assert row["ipa_730"] == pytest.approx(1 - row["brier_730"] / null)
    assert row["difference_to_null_730"] == pytest.approx(row["brier_730"] - null)
    shown = result.curves.set_index(["model", "day"])["ipa"]
    assert shown["group", 730] == row["ipa_730"]


@pytest.mark.filterwarnings("ignore:folds. up to")
def test_a_day_past_the_follow_up_of_training_is_nan_for_that_model_only(cohort, by_group):
    from secondplan.models import AalenJohansen, ParametricAFT
    from secondplan.tracking.evidence import evidence_of
    from secondplan.tracking.gates import check_gates

    # One fold's training is cut off at day 600 where children are disabled.
    rows = np.arange(len(cohort))
    short = cohort.X["disabled"].to_numpy() & (rows % 2 == 0)
    y = cohort.y.assign(
        duration=cohort.y["duration"].mask(short, cohort.y["duration"].clip(upper=600)),
        event=cohort.y["event"].mask(short & (cohort.y["duration"] > 600), 0),
    )
    cut = dataclasses.replace(cohort, y=y)
    X = cohort.X[["disabled"]]
    cut = dataclasses.replace(cut, X=X)
    folds = [(rows[rows % 2 == 0], rows[rows % 2 == 1][:300]), (rows[rows % 2 == 1], rows[rows % 2 == 0])]
    models = {"strata": AalenJohansen(strata="disabled"), "weibull": ParametricAFT()}
    result = compare_models(models, cut, folds=folds, times=[182])
    assert result.failures == {}
    n_short = int(X["disabled"].iloc[folds[0][1]].sum())
    assert f"no risk by day 730 for {n_short} of 900 test rows" in " ".join(result.notes["strata"])
    table, first = result.table.loc["strata"], result.by_fold.set_index(["model", "fold"])
    unknown = [name for name in table.index if "_730" in name] + ["c_index"]
    assert table[unknown].isna().all() and np.isfinite(table[["brier_365", "auc_365"]].astype(float)).all()
    assert first.loc[("strata", 1), ["brier_730", "ipa_730"]].isna().all()  # every measure is of all rows
    for other in ("weibull", "AalenJohansen"):
        assert np.isfinite(result.table.loc[other, ["brier_730", "ipa_730", "c_index"]].astype(float)).all()
    at = result.table["difference_to_null_730"]
    assert np.isnan(at["strata"]) and np.isfinite([at["weibull"], table["difference_to_null_365"]]).all()
    assert set(result.calibration.loc[result.calibration["model"] == "strata", "day"]) == {182, 365}
    predicted = result.predictions[result.predictions["model"] == "strata"]["risk_730"]
    assert predicted.isna().sum() == n_short  # what the model states of the others stays
    report = check_gates(evidence_of(result, "strata"))
    assert not report.passed
    assert any(line.startswith("difference_to_null_730_upper not measured") for line in report.failures)
    assert "–" in result._repr_html_() and "no risk by day 730" in result._repr_html_()
    groups = result.subgroups("disabled", model="strata", metrics=["brier"]).table
    assert groups.loc[groups["group"].isin(["all", "Disabled"]), "estimate"].isna().all()


@pytest.mark.filterwarnings("ignore:folds. up to")
def test_a_parametric_model_past_the_follow_up_says_so_in_one_line(cohort):
    from secondplan.models import ParametricAFT

    rows = np.arange(len(cohort))
    y = cohort.y.assign(duration=cohort.y["duration"].where(rows < 600, cohort.y["duration"].clip(upper=500)))
    y["event"] = cohort.y["event"].where((rows < 600) | (cohort.y["duration"] <= 500), 0)
    folds = [(rows[rows >= 600], rows[:300]), (rows[rows >= 700], rows[300:600])]
    cut = dataclasses.replace(cohort, y=y, X=cohort.X[["disabled"]])
    result = compare_models({"weibull": ParametricAFT()}, cut, folds=folds)
    line = (
        "FollowUpWarning: risks past the last follow-up in training rest on the form of the model alone (2 of 2 folds)"
    )
    assert result.notes["weibull"] == (line,)
    assert np.isfinite(result.table.loc["weibull", "brier_730"])


@pytest.mark.filterwarnings("ignore:folds. up to", "ignore:in at least one test set")
def test_a_day_that_no_model_knows_is_nan_and_the_others_stand(cohort):
    end = 200.0
    late = cohort.y["duration"] > end
    y = cohort.y.assign(duration=cohort.y["duration"].clip(upper=end), event=cohort.y["event"].mask(late, 0))
    cut = dataclasses.replace(cohort, y=y, X=cohort.X[["disabled"]])
    result = compare_models({"strata": AalenJohansen(strata="disabled")}, cut, folds=2, times=[91, 730])
    at = result.curves.set_index(["model", "day"])["brier"]
    assert np.isfinite(at["strata", 91]) and at[:, 730].isna().all() and at[:, 365].isna().all()
    assert "Nothing was measured at 730 days" in result.verdict
    alone = compare_models({"strata": AalenJohansen(strata="disabled")}, cut, folds=2, times=[91])
    at = [found.curves.query("day == 91").set_index("model") for found in (result, alone)]
    pd.testing.assert_frame_equal(*at)  # a day that nobody knows changes no other, nor the reference
    nothing = compare_models({"strata": AalenJohansen(strata="disabled")}, cut, folds=2, times=[365, 730])
    assert nothing.table.drop(columns="fit_seconds").isna().all(axis=None) and nothing.differences.empty
    assert "no risk by day 365" in nothing.notes["strata"][0] and "Nothing was measured" in repr(nothing)


def test_a_model_of_another_library_is_compared_and_said_never_to_be_saved(cohort):
    model = ExternalModel(PHReg, encoder=FeatureEncoder(columns=["disabled"]))
    late = ExternalModel(lambda X, y: 1 / 0, lambda state, X, times: 0, encoder=FeatureEncoder(columns=["disabled"]))
    result = compare_models({"theirs": model, "broken": late}, cohort, folds=2)
    ours = compare_models({"ours": CauseSpecificCox(ties="breslow", encoder=model.encoder)}, cohort, folds=2)
    assert result.table.loc["theirs", "brier_730"] == pytest.approx(ours.table.loc["ours", "brier_730"], abs=1e-10)
    assert result.notes["theirs"][-1].startswith("never saved, registered or made champion: a model of another library")
    assert "ZeroDivisionError in the fit" in result.failures["broken"]
    assert "statsmodels PHReg" in result._repr_html_()


def test_without_a_second_plan_there_is_nothing_to_compare(cohort, by_group):
    y = cohort.y.assign(event=0)
    with pytest.raises(ValueError, match="nobody among the tested children has a second plan"):
        compare_models({"disabled": by_group()}, replace(cohort, y=y), folds=3)

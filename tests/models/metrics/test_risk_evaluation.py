import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.models.metrics import MetricWarning, evaluate_risks

from .influence_checks import DERIVATIVE, STEP

WITH_INFLUENCE = (
    "brier",
    "integrated_brier",
    "ipa",
    "auc",
    "concordance",
    "concordance_uno",
    "concordance_harrell",
    "observed_expected",
    "calibration_intercept",
    "calibration_slope",
    "net_benefit",
    "log_score",
)
R_DIGITS = 1e-9  # the file holds 14 decimals, and the days 15 digits
# Score takes a censoring's share of those at risk for how much log G moves with it, which is right to its square: that
# shows where few remain at risk.
R_ERROR = 3e-5


def shifted(reference):
    """The rows of ``metric_errors.R``, whose days are distinct, and the risks of its two models."""
    n = reference.n
    y = reference.y.assign(duration=reference.y["duration"] + (1 + np.arange(n)) / (2 * n))
    other = 0.8 * np.sqrt(reference.risk) * np.linspace(0.5, 1, n)[::-1, None]
    return y, {"model": reference.risk, "other": other}


@pytest.mark.parametrize("metric", ["brier", "auc"])
def test_agrees_with_riskregression(reference, metric):
    y, risks = shifted(reference)
    found = evaluate_risks(risks, y, reference.times, metrics=[metric])
    # R divides by n - 1 where the variance of an influence function is by n.
    factor = np.sqrt(reference.n / (reference.n - 1))
    scores = pd.DataFrame(reference.errors[metric]).replace("Null model", "AalenJohansen")
    table = found.table.merge(scores.rename(columns={"times": "time"}), on=["model", "time"])
    assert len(table) == (3 if metric == "brier" else 2) * len(reference.times)
    name = {"brier": "Brier", "auc": "AUC"}[metric]
    np.testing.assert_allclose(table["estimate"], table[name], atol=R_DIGITS)
    np.testing.assert_allclose(table["std_error"] * factor, table["se"], atol=R_ERROR)
    contrasts = pd.DataFrame(reference.errors[f"{metric}_differences"]).replace("Null model", "AalenJohansen")
    ours = found.differences.set_index(["model", "reference", "time"])
    for row in contrasts.itertuples(index=False):
        turned = (row.model, row.reference, row.times) not in ours.index
        one, other = (row.reference, row.model) if turned else (row.model, row.reference)
        mine = ours.loc[(one, other, row.times)]
        assert mine["difference"] * (-1 if turned else 1) == pytest.approx(row[3], abs=R_DIGITS)
        assert mine["std_error"] * factor == pytest.approx(row.se, abs=R_ERROR)
        assert mine["p_value"] == pytest.approx(row.p, abs=0.002)


@pytest.fixture(scope="module")
def few():
    rng = np.random.default_rng(8)
    n = 60
    duration = rng.integers(1, 25, n)
    entry = np.where(rng.uniform(size=n) < 0.5, np.floor(duration * rng.uniform(size=n)), 0)
    y = pd.DataFrame({"entry": entry, "duration": duration, "event": rng.choice([0, 1, 2], n, p=[0.4, 0.35, 0.25])})
    risks = {"a": rng.integers(1, 12, (n, 2)) / 12, "b": rng.uniform(0.02, 0.95, (n, 2))}
    return y, risks, rng.integers(2, 9, n) / 4, rng.integers(0, 20, n)


@pytest.mark.parametrize("entry", [False, True], ids=["from day 0", "delayed entry"])
def test_influence_is_the_derivative_by_the_case_weights(few, entry):
    y, risks, weight, cluster = few
    y = y if entry else y.drop(columns="entry")

    def evaluate(weight):
        with np.errstate(all="ignore"):
            return evaluate_risks(
                {"a": risks["a"]},
                y,
                [10, 20],
                metrics=WITH_INFLUENCE,
                sample_weight=weight,
                cluster=cluster,
                threshold=0.3,
            )

    found = evaluate(weight)
    keys = [(row.model, row.metric, row.time) for row in found.table.itertuples() if np.isfinite(row.estimate)]
    assert len(keys) > 40
    n = len(y)
    for row in (0, 7, 23, 41):
        change = np.zeros(n)
        change[row] = STEP * weight[row]
        slope = (evaluate(weight + change).table["estimate"] - evaluate(weight - change).table["estimate"]) / (2 * STEP)
        by_key = dict(
            zip([tuple(key) for key in found.table[["model", "metric", "time"]].to_numpy()], slope, strict=True)
        )
        for key in keys:
            # Cubic terms of steep metrics: their derivatives are tested closely where they are defined.
            assert found.influence(*key)[row] == pytest.approx(n * by_key[key], rel=DERIVATIVE, abs=3 * DERIVATIVE), key


def test_variance_is_the_sum_of_squares_over_clusters(few):
    y, risks, weight, cluster = few
    found = evaluate_risks(risks, y, [10, 20], metrics=["brier", "auc"], sample_weight=weight, cluster=cluster)
    for row in found.table[found.table["model"] == "a"].itertuples():
        influence = found.influence(row.model, row.metric, row.time)
        sums = np.bincount(cluster, weights=influence)
        assert row.std_error == pytest.approx(np.sqrt(sums @ sums) / len(y), rel=1e-12)
    difference = found.influence("a", "auc", 20) - found.influence("b", "auc", 20)
    sums = np.bincount(cluster, weights=difference)
    row = found.differences.query("model == 'a' and reference == 'b' and metric == 'auc' and time == 20").iloc[0]
    assert row["std_error"] == pytest.approx(np.sqrt(sums @ sums) / len(y), rel=1e-12)


@pytest.mark.parametrize("case", ["from day 0", "delayed entry", "weights", "training rows", "late training rows"])
def test_public_functions_agree_to_the_digit(few, case):
    y, risks, weight, cluster = few
    late = case in ("delayed entry", "late training rows")
    train = y.iloc[::2] if late else y.iloc[::2].drop(columns="entry")
    y, risk, last = y if late else y.drop(columns="entry"), risks["b"], risks["b"][:, 1]
    shared = {"censoring": train} if "training" in case else {}
    shared |= {"sample_weight": weight} if case == "weights" else {}
    metrics = (*WITH_INFLUENCE, "calibration_errors", "top_k", "average_precision", "d_calibration")
    found = evaluate_risks({"b": risk}, y, [10, 20], metrics=metrics, cluster=cluster, k=9, threshold=0.3, **shared)
    table = found.table[found.table["model"] == "b"].set_index(["metric", "time"])
    at = table["estimate"]
    for metric, function in {
        "brier": sp.brier_score,
        "ipa": sp.index_of_prediction_accuracy,
        "auc": sp.time_dependent_auc,
        "log_score": sp.log_score,
        "average_precision": sp.average_precision,
    }.items():
        np.testing.assert_array_equal(at[metric], function(y, risk, [10, 20], **shared))
    assert at["integrated_brier", 20] == pytest.approx(
        sp.integrated_brier_score(y, risk, [10, 20], **shared), rel=1e-15
    )
    for kind, metric in {"wolbers": "concordance", "uno": "concordance_uno", "harrell": "concordance_harrell"}.items():
        assert at[metric, 20] == sp.concordance_index(y, last, horizon=20, kind=kind, **shared)
    assert at["net_benefit", 20] == sp.net_benefit(y, last, 20, [0.3], **shared)[0]
    assert at["ici", 20] == sp.integrated_calibration_index(y, last, 20, **shared)
    assert at["precision_at_k", 20] == sp.top_k(y, last, 20, 9, **shared).precision
    test = sp.d_calibration(y, risk, [10, 20], cluster=cluster, **shared)
    assert tuple(table.loc[("d_calibration", 20), ["estimate", "p_value"]]) == (test.statistic, test.p_value)
    for metric, function in {
        "calibration_slope": sp.calibration_slope,
        "calibration_intercept": sp.calibration_intercept,
        "observed_expected": sp.observed_expected_ratio,
    }.items():
        estimate = function(y, last, 20, cluster=cluster, **shared)
        assert at[metric, 20] == estimate.estimate
        # From day 0 and without weights they keep the errors of geepack and of the jackknife.
        if case != "from day 0":
            ours = table.loc[(metric, 20), ["std_error", "lower", "upper"]].astype(float)
            assert tuple(ours) == (estimate.std_error, estimate.lower, estimate.upper)


def test_weight_two_equals_the_row_twice(few):
    y, risks, _, _ = few
    y = y.drop(columns="entry")
    rows = [0, 0, 1, *range(2, 60)]
    metrics = (*WITH_INFLUENCE, "calibration_errors", "average_precision")
    twice = evaluate_risks({"b": risks["b"][rows]}, y.iloc[rows], [10, 20], metrics=metrics)
    weighted = evaluate_risks({"b": risks["b"]}, y, [10, 20], metrics=metrics, sample_weight=np.r_[2.0, np.ones(59)])
    exact = ~twice.table["metric"].isin(["ici", "e50", "e90"])  # the knots of the smoother do not weigh rows
    np.testing.assert_allclose(weighted.table["estimate"][exact], twice.table["estimate"][exact], rtol=1e-9)


def test_kinds_of_competing_events_do_not_matter(few):
    """Score (2022.11.28) sees only the second kind in the errors of its AUC: they are too large with three kinds."""
    y, risks, _, _ = few
    three = y.assign(event=y["event"].where((y["event"] != 2) | (y["duration"] % 2 == 0), 3))
    assert set(three["event"]) == {0, 1, 2, 3}
    ask = {"times": [10, 20], "metrics": WITH_INFLUENCE}
    pd.testing.assert_frame_equal(evaluate_risks(risks, three, **ask).table, evaluate_risks(risks, y, **ask).table)


def test_landmark_equals_the_rows_that_remain(few):
    y, risks, _, cluster = few
    y = y.drop(columns="entry")
    stays = (y["duration"] > 6).to_numpy()
    later = pd.DataFrame({"duration": y["duration"] - 6, "event": y["event"]})[stays]
    unread = np.where(stays[:, None], risks["b"], np.nan)
    found = evaluate_risks({"b": unread}, y, [5, 14], landmark=6, cluster=cluster)
    plain = evaluate_risks({"b": risks["b"][stays]}, later, [5, 14], cluster=cluster[stays])
    pd.testing.assert_frame_equal(found.table, plain.table)
    assert np.all(found.influence("b", "brier", 5)[~stays] == 0)
    assert "free of events on day 6" in repr(found)


def test_differences_hold_each_pair_once_and_holm(few):
    y, risks, _, _ = few
    found = evaluate_risks(risks | {"c": risks["b"] ** 2}, y, [10, 20], metrics=["brier"]).differences
    pairs = list(zip(found["model"], found["reference"], found["time"], strict=True))
    names = [("a", "b"), ("a", "c"), ("a", "AalenJohansen"), ("b", "c"), ("b", "AalenJohansen"), ("c", "AalenJohansen")]
    assert pairs == [(*pair, time) for time in (10, 20) for pair in names]
    smallest = found["p_value"].min()
    assert found["p_adjusted"].min() == pytest.approx(min(1, 12 * smallest))
    assert (found["p_adjusted"] >= found["p_value"]).all()


def test_bootstrap_draws_clusters(few):
    y, risks, _, cluster = few
    y = y.drop(columns="entry")
    ask = {"metrics": ["top_k", "auc"], "cluster": cluster, "k": 20, "random_state": 3}
    found = evaluate_risks({"b": risks["b"][:, 1]}, y, [20], n_bootstrap=30, **ask)
    again = evaluate_risks({"b": risks["b"][:, 1]}, y, [20], n_bootstrap=30, **ask)
    pd.testing.assert_frame_equal(found.table, again.table)
    row = found.table.set_index(["model", "metric"]).loc[("b", "precision_at_k")]
    assert 0 < row["std_error"] < 0.5
    assert row["lower"] < row["estimate"] < row["upper"]
    ask = {"metrics": ["calibration_errors"], "cluster": cluster, "random_state": 3}
    distance = evaluate_risks({"b": risks["b"][:, 1]}, y, [20], n_bootstrap=10, **ask).table.set_index(
        ["model", "metric"]
    )
    # Draws of a distance lie above it, as they are noisier; its interval must hold it all the same.
    assert 0 < distance.loc[("b", "ici"), "lower"] < distance.loc[("b", "ici"), "estimate"]
    ask = {"metrics": ["top_k"], "cluster": cluster, "k": 20}
    none = evaluate_risks({"b": risks["b"][:, 1]}, y, [20], **ask).table.set_index(["model", "metric"])
    assert np.isnan(none.loc[("b", "precision_at_k"), "std_error"])


def test_past_follow_up_is_nan_with_a_warning(few):
    y, risks, _, _ = few
    with pytest.warns(MetricWarning, match="nobody is observed to day 90"):
        found = evaluate_risks({"b": risks["b"]}, y, [10, 90], metrics=["brier", "integrated_brier", "top_k"])
    assert np.isnan(found.table.query("time == 90")["estimate"]).all()
    assert np.isfinite(found.table.query("time == 10")["estimate"]).all()


def test_what_cannot_be_read_is_refused(few):
    y, risks, _, _ = few
    with pytest.raises(ValueError, match=r"metrics must be some of brier.*got 'accuracy'"):
        evaluate_risks(risks, y, [10, 20], metrics=["accuracy"])
    with pytest.raises(ValueError, match=r"risk of a has shape \(60, 2\), expected \(60, 1\)"):
        evaluate_risks(risks, y, [10])
    with pytest.raises(ValueError, match="risk of a: outside 0 to 1 in 60 of 60 rows, first at row 0"):
        evaluate_risks({"a": risks["a"] + 2}, y, [10, 20])
    with pytest.raises(ValueError, match="nobody is observed after the landmark, day 99"):
        evaluate_risks(risks, y, [10, 20], landmark=99)
    with pytest.raises(KeyError, match="no influence function of ici"):
        evaluate_risks(risks, y, [10, 20]).influence("a", "ici", 10)


def test_plots_a_metric_by_time(few):
    y, risks, _, _ = few
    ax = evaluate_risks(risks, y, [10, 20]).plot("auc")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "AalenJohansen"]
    with pytest.raises(ValueError, match="metric must be one of brier, ipa, auc"):
        evaluate_risks(risks, y, [10, 20]).plot("ici")


def drawn(n, entry):
    """Rows of two exponential causes in pairs that share a risk, their true risks by two days, and wrong ones.

    With ``entry`` six in ten come under observation at some day up to 120, only those still free of events are seen,
    and censoring follows entry.
    """
    rng = np.random.default_rng(7)
    family = np.repeat(np.arange(n // 2), 2)
    x = np.sqrt(0.5) * rng.normal(size=n // 2)[family] + np.sqrt(0.5) * rng.normal(size=n)
    own, other = 0.004 * np.exp(0.7 * x), 0.003
    days, times = rng.exponential(1 / (own + other)), np.array([60.0, 150.0])
    event = np.where(rng.uniform(size=n) < own / (own + other), 1, 2)
    rate = (own + other)[:, None]
    true = own[:, None] / rate * -np.expm1(-rate * times)
    begin = np.where(rng.uniform(size=n) < 0.4, 0.0, rng.uniform(0, 120, n)) if entry else np.zeros(n)
    last = begin + rng.exponential(250, n) if entry else np.full(n, np.inf)
    seen = days > begin
    y = pd.DataFrame({"entry": begin, "duration": np.minimum(days, last), "event": np.where(days <= last, event, 0)})
    return {"true": true[seen], "wrong": 0.8 * true[seen] ** 1.1}, y[seen], times, family[seen]


def test_delayed_entry_gives_what_all_rows_from_day_0_would():
    """The metrics of children seen late are those of all children, within their error (40,000 of whom say them)."""
    metrics = [name for name in WITH_INFLUENCE if name not in ("integrated_brier", "concordance_harrell")]
    risks, y, times, family = drawn(6_000, entry=True)
    found = evaluate_risks(risks, y, times, metrics=metrics, cluster=family).table
    risks, y, times, family = drawn(40_000, entry=False)
    truth = evaluate_risks(risks, y, times, metrics=metrics, cluster=family).table
    assert list(found["metric"]) == list(truth["metric"])
    z = (found["estimate"] - truth["estimate"]) / np.hypot(found["std_error"], truth["std_error"])
    z = z[(found["std_error"] > 0) & np.isfinite(z)]
    assert len(z) > 40
    assert np.abs(z).max() < 3.5
    assert np.mean(np.abs(z) < 1.96) > 0.85


def test_what_cannot_be_estimated_is_said_once_for_all_models_and_times():
    y = {"duration": [5.0, 6.0, 7.0, 8.0] * 5, "event": [2, 2, 2, 1] * 5}
    risk = np.tile(np.linspace(0, 0.9, 20)[:, None], (1, 2))
    with pytest.warns(MetricWarning) as said:
        evaluate_risks({"a": risk, "b": risk / 2}, y, [6, 7.5], metrics=["auc", "calibration_intercept"])
    texts = [str(warning.message) for warning in said]
    assert texts[0].startswith(
        "auc (a on day 6, b on day 6, a on day 7.5, b on day 7.5): there is no row with the event"
    )
    assert "1 of 20 rows have a predicted risk of exactly 0 or 1" in texts[1]
    assert len(texts) == 2
    assert all(warning.filename == __file__ for warning in said)


def test_rows_at_risk_on_no_day_are_left_out(few):
    y, risks, _, _ = few
    plain = evaluate_risks({"b": risks["b"]}, y, [10, 20])
    more = pd.concat([y, pd.DataFrame({"entry": [5], "duration": [5], "event": [1]})], ignore_index=True)
    with pytest.warns(MetricWarning, match="1 of 61 rows are left out: their entry equals their duration"):
        found = evaluate_risks({"b": np.vstack((risks["b"], [0.5, 0.5]))}, more, [10, 20])
    pd.testing.assert_frame_equal(found.table, plain.table)


def test_one_time_one_event_everybody_or_nobody():
    everybody = evaluate_risks(
        {"m": [0.2, 0.9, 0.4]}, {"duration": [3, 4, 5], "event": [1, 1, 1]}, 5, metrics=["brier"]
    )
    assert everybody.table["estimate"].iloc[0] == pytest.approx((0.8**2 + 0.1**2 + 0.6**2) / 3)
    with pytest.raises(ValueError, match="event 3: no row has this event"):
        evaluate_risks({"m": [0.2]}, {"duration": [3], "event": [1]}, 3, event=3)


def test_early_days_on_which_nobody_is_left_are_said():
    y = pd.DataFrame({"entry": [0, 9, 9, 9], "duration": [5, 30, 40, 50], "event": [1, 1, 0, 2]})
    with pytest.warns(
        MetricWarning, match="everybody under observation on day 5 had an event, while others enter later"
    ):
        evaluate_risks({"m": [0.2, 0.3, 0.4, 0.5]}, y, [35], metrics=["brier"])
    evaluate_risks({"m": [0.2, 0.3, 0.4, 0.5]}, y, [26], metrics=["brier"], landmark=9)


def test_an_infinite_score_has_no_error():
    y = {"duration": [1, 2, 3, 4], "event": [1, 2, 0, 2]}
    row = evaluate_risks({"m": [0.0, 0.3, 0.4, 0.5]}, y, [4], metrics=["log_score"]).table.iloc[0]
    assert row["estimate"] == np.inf
    assert np.isnan(row["std_error"]) and np.isnan(row["upper"])

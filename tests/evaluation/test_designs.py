"""Designs of comparisons other than one set of folds."""

import dataclasses

import numpy as np
import pytest

from secondplan.evaluation import (
    BootstrapOptimism,
    FamilyKFold,
    LeaveOneAuthorityOut,
    OtherCohort,
    compare_models,
    optimism,
)
from secondplan.evaluation.designs import partitions
from secondplan.models import CauseSpecificCox
from secondplan.models.metrics import MetricWarning, evaluate_risks
from secondplan.models.metrics.metric_bounds import holm
from secondplan.models.numerics.random_effects import random_effects
from secondplan.tracking.evidence import evidence_of
from secondplan.tracking.gates import check_gates


def at(table, **key):
    for name, value in key.items():
        table = table[table[name] == value]
    return table.iloc[0]


@pytest.fixture(scope="module")
def of_authorities(cohort):
    """Four authorities of different size, and one with 8 children."""
    codes = np.repeat(["301", "302", "303", "304", "305"], [8, 250, 300, 300, 342])
    keys = cohort.keys.assign(la_code=codes)
    return dataclasses.replace(cohort, keys=keys)


def test_repeats_are_averaged_and_their_errors_do_not_shrink(cohort, by_group):
    folds = FamilyKFold(3, n_repeats=4, random_state=2)
    parts = list(folds.split(cohort.X, cohort.y, cohort.cluster))
    assert len(parts) == folds.get_n_splits() == 12
    found = compare_models({"disabled": by_group()}, cohort, folds=folds)
    assert "3 folds by family, averaged over 4 repeats" in found._repr_html_()
    assert (found.n_rows, found.n_events) == (1200, int((cohort.y["event"] == 1).sum()))
    assert evidence_of(found, "disabled").n_events == found.n_events
    assert len(found.predictions) == 2 * 1200  # a row stands once
    measured, sums = [], np.zeros((2, 1200))
    for repeat in range(4):
        risk = np.empty((1200, 1))
        for train, test in parts[3 * repeat : 3 * repeat + 3]:
            model = by_group().fit(cohort.X.iloc[train], cohort.y.iloc[train].reset_index(drop=True))
            risk[test] = model.predict_cumulative_incidence(cohort.X.iloc[test].reset_index(drop=True), [730])
        one = evaluate_risks({"disabled": risk}, cohort.y, [730], metrics=["brier"], cluster=cohort.cluster)
        measured.append(one.table["estimate"].to_numpy())
        own, null = (one.influence(name, "brier", 730) for name in ("disabled", "AalenJohansen"))
        sums += np.stack([own, own - null]) / 4
    by_family = [np.bincount(np.unique(cohort.cluster, return_inverse=True)[1], weights=row) for row in sums]
    errors = [np.sqrt(row @ row) / 1200 for row in by_family]
    row = at(found.measures, model="disabled", metric="brier", time=730)
    assert row["estimate"] == pytest.approx(np.mean(measured, axis=0)[0], rel=1e-10)
    assert row["std_error"] == pytest.approx(errors[0], rel=1e-8)
    assert row["sd_between_repeats"] == pytest.approx(np.std(measured, axis=0, ddof=1)[0], rel=1e-8)
    gap = at(found.differences, model="disabled", metric="brier", time=730)
    assert gap["difference"] == pytest.approx(-np.subtract(*np.mean(measured, axis=0)[::-1]), rel=1e-8)
    assert gap["std_error"] == pytest.approx(errors[1], rel=1e-8)
    assert gap["p_adjusted"] >= gap["p_value"]
    assert found.table.loc["disabled", "difference_to_null_730_upper"] == pytest.approx(gap["upper"])


def test_authorities_are_pooled_by_random_effects(of_authorities, by_group):
    found = compare_models({"disabled": by_group()}, of_authorities, folds=LeaveOneAuthorityOut())
    folds = found.by_fold[found.by_fold["model"] == "disabled"]
    assert folds["tested_on"].tolist() == ["302", "303", "304", "305"]
    assert "authorities 301" in found.remarks[0] and "authorities 301" in repr(found)
    assert found.n_rows == 1192
    value = folds["auc_730"].to_numpy()
    # Intervals of the folds are symmetric on the logit scale, on which authorities are pooled.
    on_scale = {name: np.log(folds[name] / (1 - folds[name])).to_numpy() for name in ("auc_730", "auc_730_upper")}
    errors = (on_scale["auc_730_upper"] - on_scale["auc_730"]) / 1.959964
    expected = random_effects(on_scale["auc_730"], errors**2)
    row = at(found.measures, model="disabled", metric="auc", time=730)
    assert row["estimate"] == pytest.approx(1 / (1 + np.exp(-expected.mean)), rel=1e-6)
    assert row["upper"] == pytest.approx(1 / (1 + np.exp(-expected.upper)), rel=1e-5)
    assert row["tau2"] == pytest.approx(expected.tau2, rel=1e-4, abs=1e-8)
    own = found.differences[found.differences["metric"] == "brier"]
    assert own["p_adjusted"].to_numpy() == pytest.approx(holm(own["p_value"].to_numpy()))
    assert row["prediction_lower"] < row["lower"] < row["estimate"] < row["prediction_upper"] < 1
    assert value.min() < row["estimate"] < value.max() and row["n_authorities"] == 4
    ratio = at(found.measures, model="disabled", metric="observed_expected", time=730)
    assert 0 < ratio["prediction_lower"] < ratio["lower"] < 1 < ratio["upper"]
    null = at(found.measures, model="AalenJohansen", metric="auc", time=730)
    assert (null["estimate"], null["std_error"]) == (0.5, 0)
    evidence = evidence_of(found, "disabled")
    assert (
        evidence.measures["difference_to_null_730_upper"] == found.table.loc["disabled", "difference_to_null_730_upper"]
    )


def test_one_authority_cannot_be_left_out(cohort):
    with pytest.raises(ValueError, match="two authorities with at least 10 second plans are needed, 1 of 1 have them"):
        LeaveOneAuthorityOut().parts(cohort)


def test_bootstrap_corrects_for_optimism(cohort, by_group, monkeypatch):
    """By hand: the Brier score of each draw's model on the draw and on everybody, and the interval shifted."""
    monkeypatch.setattr(optimism, "LEAST_DRAWS", 6)
    folds = BootstrapOptimism(6, random_state=3)
    found = compare_models({"disabled": by_group()}, cohort, folds=folds)
    parts = partitions(cohort, folds, 0)
    assert len(parts) == 7 and sum(len(part.rows) for part in parts[1:]) == len(found.predictions) // 2 < 1200
    apparent, tested = [], []
    for part in parts:
        train = part.train(cohort)
        drawn = np.unique(part.train_rows)
        assert not part.is_draw or not set(cohort.cluster[part.rows]) & set(cohort.cluster[drawn])
        risk = by_group().fit(train.X, train.y).predict_cumulative_incidence(cohort.X, [730])
        for values, weight in ((apparent, np.bincount(part.train_rows, minlength=1200)), (tested, None)):
            one = evaluate_risks({"m": risk}, cohort.y, [730], metrics=["brier"], sample_weight=weight)
            values.append(one.table["estimate"].to_numpy())  # of the model, and of the average risk
    apparent, tested = np.array(apparent), np.array(tested)
    excess = (apparent - tested)[1:].mean(axis=0)
    row = at(found.measures, model="disabled", metric="brier", time=730)
    assert row["apparent"] == pytest.approx(apparent[0, 0])
    assert row["estimate"] == pytest.approx(apparent[0, 0] - excess[0])
    assert row["lower"] == pytest.approx(np.quantile(apparent[1:, 0], 0.025) - excess[0])
    gap = at(found.differences, model="disabled", metric="brier", time=730)
    assert gap["difference"] == pytest.approx(apparent[0, 0] - apparent[0, 1] - excess[0] + excess[1])
    assert gap["std_error"] == pytest.approx((apparent[1:, 0] - apparent[1:, 1]).std(ddof=1))
    assert gap["difference"] == found.table.loc["disabled", "difference_to_null_730"]
    assert found.table.loc["disabled", "calibration_slope_730"] > 0.5
    assert "6 bootstrap draws of families, corrected for optimism" in found._repr_html_()


def test_few_draws_correct_but_pass_no_gate(cohort, by_group):
    found = compare_models({"disabled": by_group()}, cohort, folds=BootstrapOptimism(2))
    row = at(found.measures, model="disabled", metric="brier", time=730)
    assert row["estimate"] == pytest.approx(row["apparent"] - row["optimism"]) and np.isnan(row["upper"])
    assert "2 draws correct the measures, but are too few for intervals" in repr(found)
    report = check_gates(evidence_of(found, "disabled"))
    assert any("difference_to_null_730_upper not measured" in line for line in report.failures)


def test_another_cohort_is_tested_and_trains_nothing(cohort, by_group):
    england, elsewhere = cohort.take(np.arange(700)), cohort.take(np.arange(700, 1200))
    found = compare_models({"disabled": by_group()}, england, folds=OtherCohort(elsewhere))
    model = by_group().fit(england.X, england.y)
    own = found.predictions[found.predictions["model"] == "disabled"]
    np.testing.assert_allclose(own["risk_730"], model.predict_cumulative_incidence(elsewhere.X, [730])[:, 0])
    assert found.cohort is elsewhere and found.n_rows == 500


def test_few_second_plans_are_warned_of_and_put_into_words(cohort):
    few = cohort.take(np.arange(180))
    with pytest.warns(MetricWarning, match="fewer than 100 second plans among the children tested"):
        found = compare_models({"cox": CauseSpecificCox()}, few, folds=2)
    assert "What cannot: that models which are not distinguishable are equally good" in found.verdict
    sizes = found.sample_sizes.loc["cox"]
    events, years = int((few.y["event"] == 1).sum()), few.y["duration"].sum() / 365.25
    from secondplan import sample_size

    needed = sample_size(events / years, 2.0, int(sizes["n_coefficients"]), follow_up=years / 180)
    assert (sizes["n_children_needed"], sizes["n_events_needed"]) == (needed.n_children, needed.n_events)
    assert not sizes["is_enough"] and f"needs {needed.n_children:,}" in repr(found)

"""Differences of restricted mean times: by the formula of survRM2, by hand, and by identities."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from secondplan import FollowUpWarning, aalen_johansen, kaplan_meier, restricted_mean_difference

DATA = Path(__file__).parents[2] / "reference" / "data"
RNG = np.random.default_rng(5)
N = 120
FRAME = pd.DataFrame(
    {
        "duration": RNG.integers(1, 40, N).astype(float),
        "event": RNG.integers(0, 3, N),
        "group": RNG.choice(["a", "b", "c"], N),
        "weight": RNG.integers(1, 4, N),
        "family": RNG.integers(0, 40, N),
    }
)
FRAME["entry"] = np.floor(FRAME["duration"] * RNG.random(N) * 0.5)
COLUMNS = [FRAME["duration"], FRAME["event"], FRAME["group"]]


def mean_of_survrm2(time, status, tau):
    """``rmst1`` of R's package survRM2: the area under Kaplan-Meier, and its variance."""
    days = np.unique(time[time <= tau])
    at_risk = np.array([(time >= day).sum() for day in days])
    events = np.array([((time == day) & (status > 0)).sum() for day in days])
    survival = np.cumprod(1 - events / at_risk)
    areas = np.diff(np.concatenate([[0], days, [tau]])) * np.concatenate([[1], survival])
    left = at_risk - events
    terms = np.divide(events, at_risk * left, out=np.zeros(days.size), where=left > 0)
    later = np.cumsum(areas[:0:-1])[::-1]
    return areas.sum(), (later**2 * terms).sum()


@pytest.mark.parametrize(
    ("file", "group", "tau"), [("veteran", "trt", 200), ("lung", "sex", 700), ("ovarian", "rx", 600)]
)
def test_agrees_with_the_formula_of_survrm2(file, group, tau):
    data = pd.read_csv(DATA / f"{file}.csv")
    time, event = (
        data[next(name for name in names if name in data)] for names in (("time", "futime"), ("status", "fustat"))
    )
    event, low = (event == event.max()).astype(int), data[group].min()
    parts = [
        mean_of_survrm2(time[own].to_numpy(), event[own].to_numpy(), tau)
        for own in (data[group] == low, data[group] == low + 1)
    ]
    found = restricted_mean_difference(time, event, data[group], until=tau)
    difference, error = parts[1][0] - parts[0][0], np.sqrt(parts[0][1] + parts[1][1])
    row = found.differences.loc[(low + 1, low)]
    np.testing.assert_allclose(
        row[["difference", "std_error", "z"]], [difference, error, difference / error], rtol=1e-10
    )
    np.testing.assert_allclose(row[["lower", "upper"]], difference + np.array([-1, 1]) * 1.959964 * error, rtol=1e-6)
    assert (
        found.statistic == pytest.approx(row["z"] ** 2) and found.p_value == pytest.approx(row["p"]) and found.df == 1
    )


def test_by_hand():
    found = restricted_mean_difference([2, 6, 7, 8, 6, 7], [1, 1, 0, 0, 1, 0], list("aaaabb"), until=4)
    # The first group loses 2 days in 1 of 4 rows; the second loses none, and has no error.
    assert found.means["estimate"].tolist() == [3.5, 4.0] and found.means["n_rows"].tolist() == [4, 2]
    row = found.differences.loc[("b", "a")]
    assert row["difference"] == 0.5 and row["std_error"] == pytest.approx(1.5 * np.sqrt(1 / 12))


@pytest.mark.parametrize("event", [None, 1, 2])
def test_means_are_those_of_the_curves_under_delayed_entry_and_weights(event):
    options = {"entry": FRAME["entry"], "sample_weight": FRAME["weight"]}
    found = restricted_mean_difference(*COLUMNS, until=25, event_of_interest=event, reference="b", **options)
    curves = (kaplan_meier if event is None else aalen_johansen)(*COLUMNS[:2], strata=FRAME["group"], **options)
    expected = curves.restricted_mean_time(25) if event is None else curves.restricted_mean_time_lost(25, event)
    for name in ("estimate", "std_error"):
        np.testing.assert_array_equal(found.means[name], expected[name])
    assert found.differences.index.tolist() == [("a", "b"), ("c", "b")] and found.df == 2
    difference = found.differences["difference"]
    np.testing.assert_allclose(difference, found.means["estimate"][["a", "c"]] - found.means["estimate"]["b"])
    other = restricted_mean_difference(*COLUMNS, until=25, event_of_interest=event, reference="c", **options)
    assert other.statistic == pytest.approx(found.statistic)


def test_days_free_and_days_lost_to_each_event_add_up():
    found = [
        restricted_mean_difference(*COLUMNS, until=25, event_of_interest=event).differences["difference"]
        for event in (None, 1, 2)
    ]
    np.testing.assert_allclose(sum(found), 0.0, atol=1e-12)


@pytest.mark.parametrize("event", [None, 1])
def test_clusters_that_reach_over_groups(event):
    half = FRAME[:60]
    twice = pd.concat([half.assign(group="a"), half.assign(group="b")])
    child = np.tile(np.arange(60), 2)
    columns = [twice[name] for name in ("duration", "event", "group")]
    found = restricted_mean_difference(*columns, until=25, event_of_interest=event, cluster=child)
    # The same children in both groups: nothing is left open.
    assert found.differences["std_error"].iloc[0] == pytest.approx(0, abs=1e-9)
    apart = restricted_mean_difference(*columns, until=25, event_of_interest=event, cluster=np.arange(120))
    own = found.covariance[0, 0]
    np.testing.assert_allclose(apart.covariance, np.diag([own, own]), rtol=1e-9, atol=1e-12)


def test_errors_by_family_are_about_those_of_leaving_families_out():
    given = {"until": 25, "event_of_interest": 1}
    found = restricted_mean_difference(*COLUMNS, cluster=FRAME["family"], **given)
    families = FRAME["family"].unique()
    without = [FRAME[FRAME["family"] != family] for family in families]
    left = np.array(
        [
            restricted_mean_difference(part["duration"], part["event"], part["group"], **given).differences[
                "difference"
            ]
            for part in without
        ]
    )
    jackknife = np.sqrt(((left - left.mean(axis=0)) ** 2).sum(axis=0))
    # Leaving out whole families of three is a coarse derivative.
    np.testing.assert_allclose(found.differences["std_error"], jackknife, rtol=0.08)


def test_past_the_follow_up_of_a_group_nothing_is_stated():
    with pytest.warns(FollowUpWarning):
        found = restricted_mean_difference(*COLUMNS, until=900)
    assert np.isnan(found.statistic) and np.isnan(found.p_value) and found.differences.isna().to_numpy().any()
    assert not (found.differences["p"] == 1).any()


def test_what_is_refused_and_shown():
    for options, message in [
        ({"until": 0}, "until must be one day above 0, got 0"),
        ({"until": [5, 9]}, "until must be one day above 0, got list of 2"),
        ({"until": 9, "reference": "z"}, "reference is none of the groups"),
        ({"until": 9, "event_of_interest": 7}, "event 7 is not in the data"),
        ({"until": 9, "level": 95}, "level must be between 0 and 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            restricted_mean_difference(*COLUMNS, **options)
    with pytest.raises(ValueError, match="a test needs two or more"):
        restricted_mean_difference(FRAME["duration"], FRAME["event"], np.zeros(N), until=9)
    with pytest.raises(TypeError, match=r'type: sp.restricted_mean_difference\(df\["duration"\]'):
        restricted_mean_difference(FRAME, "duration", "event", "group", until=9)
    found = restricted_mean_difference(*COLUMNS, until=25, event_of_interest=2)
    assert repr(found).startswith("Mean days lost to event 2 until day 25: chi-squared")
    assert "<table" in found._repr_html_()
    statistic, p_value, df = found
    assert (statistic, p_value, df) == (found.statistic, found.p_value, 2)

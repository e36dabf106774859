"""Kaplan-Meier, Nelson-Aalen and Aalen-Johansen against R's survfit, by hand, and by their identities."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from secondplan.models.curves.nonparametric import aalen_johansen, kaplan_meier, nelson_aalen
from secondplan.models.inputs.follow_up import FollowUpWarning

REFERENCE = Path(__file__).parents[2] / "reference"
CASES = json.loads((REFERENCE / "nonparametric.json").read_text())
FUNCTIONS = {"kaplan_meier": kaplan_meier, "nelson_aalen": nelson_aalen, "aalen_johansen": aalen_johansen}


def read(name):
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


def case_id(case):
    options = [case[key] or "-" for key in ("entry", "weights", "cluster")]
    return "/".join([case["estimator"], case["data"], case["time"], *options, str((case["strata"] or {}).get("level"))])


def arguments(case):
    data = read(case["data"])
    chosen = {name: data[case[key]] for name, key in PARAMETERS.items() if case[key]}
    return (data[case["time"]], data[case["event"]]), chosen, data


PARAMETERS = {"entry": "entry", "sample_weight": "weights", "cluster": "cluster"}


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_agrees_with_survfit(case):
    outcome, options, data = arguments(case)
    if case["strata"]:
        options["strata"] = data[case["strata"]["column"]]
    curve = FUNCTIONS[case["estimator"]](*outcome, **options)
    if case["strata"]:
        curve = curve[case["strata"]["level"]]
    competing = case["estimator"] == "aalen_johansen"
    estimate, error = np.array(case["estimate"]), np.array(case["std_error"], dtype=float)
    kinds = range(estimate.shape[1]) if competing else [None]
    for kind in kinds:
        table = curve.at(case["days"], kind) if competing else curve.at(case["days"])
        column = (slice(None), kind) if competing else slice(None)
        np.testing.assert_allclose(table["estimate"], estimate[column], rtol=1e-10, atol=1e-13)
        known = np.isfinite(error[column])
        np.testing.assert_allclose(table["std_error"][known], error[column][known], rtol=1e-7, atol=1e-10)
        for interval, bounds in case.get("bounds", {}).items():
            if kind == 0:
                continue
            options = {"interval": interval}
            table = curve.at(case["days"], kind, **options) if competing else curve.at(case["days"], **options)
            for side in ("lower", "upper"):
                expected = np.array(bounds[side], dtype=float)
                expected = expected[:, kind - 1] if competing else expected
                known = np.isfinite(expected)
                np.testing.assert_allclose(table[side][known], expected[known], rtol=1e-7, atol=1e-10)
    if "n_risk" in case:
        np.testing.assert_allclose(curve.at_risk(case["days"]), case["n_risk"], rtol=1e-12)


def test_by_hand():
    # day 1: 1 of 4 has event 1; day 2: 1 of 3 has event 2; day 3: of 2, one has event 1 and one is censored.
    curve = aalen_johansen([1, 2, 3, 3], [1, 2, 1, 0])
    np.testing.assert_allclose(curve.incidence[:, 0], [0.25, 0.25, 0.25 + 0.5 / 2])
    np.testing.assert_allclose(curve.incidence[:, 1], [0, 0.25, 0.25])
    np.testing.assert_allclose(curve.event_free, [0.75, 0.5, 0.25])
    # Without censoring before it, the incidence is a proportion: var = p (1 - p) / n.
    np.testing.assert_allclose(curve.std_error[:2, 0] ** 2, [0.25 * 0.75 / 4] * 2)
    np.testing.assert_array_equal(curve.n_at_risk, [4, 3, 2])
    np.testing.assert_array_equal(curve.n_censored, [0, 0, 1])
    greenwood = 0.5**2 * (1 / (4 * 3) + 1 / (3 * 2))
    assert kaplan_meier([1, 2, 3, 3], [1, 2, 1, 0]).std_error[1] ** 2 == pytest.approx(greenwood)
    assert nelson_aalen([1, 2, 3, 3], [1, 2, 1, 0]).std_error[1] ** 2 == pytest.approx(1 / 16 + 1 / 9)


def test_delayed_entry_by_hand():
    # Row 2 is under observation from day 2 on, row 3 from day 1: at risk 1 row on day 1, 3 on day 3, 1 on day 5.
    with pytest.warns(UserWarning, match="all who were at risk had an event"):
        curve = kaplan_meier([1, 3, 3, 5, 5], [1, 1, 0, 0, 1], entry=[0, 2, 1, 3, 1])
    np.testing.assert_array_equal(curve.n_at_risk, [1, 3, 2])
    np.testing.assert_array_equal(curve.at_risk([0, 1, 1.5, 2, 3, 4, 5, 6]), [1, 1, 2, 2, 3, 2, 2, 0])
    np.testing.assert_allclose(curve.estimate, [0, 0, 0])
    with pytest.warns(UserWarning, match="all who were at risk had an event"):
        hazard = nelson_aalen([1, 3, 3, 5, 5], [1, 1, 0, 0, 1], entry=[0, 2, 1, 3, 1])
    np.testing.assert_allclose(hazard.estimate, [1, 1 + 1 / 3, 1 + 1 / 3 + 1 / 2])


def test_day_0():
    curve = aalen_johansen([0, 0, 4, 5], [1, 0, 2, 0])
    assert curve.at([0.0, 3.9], event=1)["estimate"].tolist() == [0.25, 0.25]
    assert curve.at_risk([0.0])[0] == 4


def test_nobody_left_has_no_error():
    # Rounding in the weights must not leave the root of its square behind.
    rng = np.random.default_rng(2)
    weight, cluster = rng.uniform(0.1, 4, 400), rng.integers(0, 3, 400)
    duration = rng.integers(1, 300, 400)
    event = np.where(duration == duration.max(), 1, rng.integers(0, 3, 400))
    curve = aalen_johansen(duration, event, sample_weight=weight, cluster=cluster)
    survival = kaplan_meier(duration, event, sample_weight=weight, cluster=cluster)
    assert curve.event_free[-1] == 0
    assert curve.event_free_std_error[-1] == 0
    assert survival.std_error[-1] == 0
    assert curve.std_error[-1].min() > 0


def test_strata_of_several_columns():
    strata = pd.DataFrame({"band": pd.Categorical(["short", "long"] * 3, ["short", "long"]), "n": [10, 9, 9, 9, 10, 9]})
    curves = kaplan_meier([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 1, 1], strata=strata)
    assert curves.labels == ["band=short, n=9", "band=short, n=10", "band=long, n=9"]
    assert curves["band=short, n=10"].times.tolist() == [1, 5]
    with pytest.raises(ValueError, match="missing in 1 of 6"):
        kaplan_meier([1, 2, 3, 4, 5, 6], [1] * 6, strata=strata.assign(n=[1, 2, 3, 4, 5, np.nan]))


def test_an_event_that_nobody_had_is_named():
    with pytest.raises(ValueError, match="event 1 is not in the data; events are: none"):
        aalen_johansen([1, 2], [0, 0]).at([1], event=1)


def data(seed, n_rows=80, entry=True):
    rng = np.random.default_rng(seed)
    duration = rng.integers(0, 20, n_rows).astype(float)
    late = (rng.random(n_rows) < 0.4) & entry
    return {
        "duration": duration,
        "event": rng.integers(0, 4, n_rows),
        "entry": np.where(late, np.floor(duration * rng.random(n_rows) * 0.7), 0.0),
        "sample_weight": rng.uniform(0.2, 3.0, n_rows),
        "cluster": rng.integers(0, 30, n_rows),
    }


@pytest.mark.parametrize("seed", range(3))
def test_variance_is_the_jackknife_of_infinitesimal_weights(seed):
    rows = data(seed)
    curve, hazard = aalen_johansen(**rows), nelson_aalen(**rows)
    step = 1e-5
    influence = {"incidence": 0.0, "event_free": 0.0, "hazard": 0.0}
    shape = (30, curve.times.size)
    totals = {"incidence": np.zeros((*shape, 3)), "event_free": np.zeros(shape), "hazard": np.zeros(shape)}
    for row, (weight, cluster) in enumerate(zip(rows["sample_weight"], rows["cluster"], strict=True)):
        values = []
        for sign in (1, -1):
            changed = rows["sample_weight"].copy()
            changed[row] += sign * step
            shifted = {**rows, "sample_weight": changed}
            other = aalen_johansen(**shifted)
            values.append((other.incidence, other.event_free, nelson_aalen(**shifted).estimate))
        for name, up, down in zip(influence, *values, strict=True):
            totals[name][cluster] += weight * (up - down) / (2 * step)
    errors = {name: np.sqrt((total**2).sum(axis=0)) for name, total in totals.items()}
    np.testing.assert_allclose(curve.std_error, errors["incidence"], atol=1e-7)
    np.testing.assert_allclose(curve.event_free_std_error, errors["event_free"], atol=1e-7)
    np.testing.assert_allclose(hazard.std_error, errors["hazard"], rtol=1e-5, atol=1e-7)


def test_sums_to_1_and_every_event_together_is_kaplan_meier():
    rows = data(5)
    curve = aalen_johansen(**rows)
    np.testing.assert_allclose(curve.event_free + curve.incidence.sum(axis=1), 1.0, rtol=1e-14)
    survival = kaplan_meier(**rows)
    np.testing.assert_array_equal(survival.estimate, curve.event_free)
    np.testing.assert_allclose(survival.std_error, curve.event_free_std_error, rtol=1e-12)


def test_unit_weights_without_entry_give_greenwood():
    rows = data(6, entry=False)
    curve = aalen_johansen(rows["duration"], rows["event"])
    greenwood = kaplan_meier(rows["duration"], rows["event"]).std_error
    np.testing.assert_allclose(curve.event_free_std_error, greenwood, rtol=1e-9, atol=1e-9)


def test_a_weight_is_a_repeated_row_in_one_cluster():
    rows = data(7)
    weight = np.random.default_rng(7).integers(1, 4, 80)
    again = np.repeat(np.arange(80), weight)
    weighted = aalen_johansen(rows["duration"], rows["event"], entry=rows["entry"], sample_weight=weight)
    repeated = aalen_johansen(rows["duration"][again], rows["event"][again], entry=rows["entry"][again], cluster=again)
    np.testing.assert_allclose(weighted.incidence, repeated.incidence, rtol=1e-12)
    np.testing.assert_allclose(weighted.std_error, repeated.std_error, rtol=1e-9, atol=1e-12)


def test_order_of_rows_does_not_matter_and_weight_0_is_absence():
    rows = data(8)
    order = np.random.default_rng(1).permutation(80)
    curve = aalen_johansen(**rows)
    shuffled = aalen_johansen(**{name: values[order] for name, values in rows.items()})
    np.testing.assert_allclose(shuffled.incidence, curve.incidence, rtol=1e-13)
    np.testing.assert_allclose(shuffled.std_error, curve.std_error, rtol=1e-10, atol=1e-14)
    extra = {name: np.append(values, values[0]) for name, values in rows.items()}
    extra["sample_weight"][-1] = 0.0
    np.testing.assert_array_equal(aalen_johansen(**extra).incidence, curve.incidence)


def test_days_that_are_not_whole():
    rows = data(9)
    curve, shifted = (
        aalen_johansen(**rows),
        aalen_johansen(
            **{
                **rows,
                "duration": rows["duration"] / 4 + 0.1,
                "entry": np.where(rows["entry"] > 0, rows["entry"] / 4 + 0.1, 0),
            }
        ),
    )
    np.testing.assert_allclose(shifted.times, curve.times / 4 + 0.1)
    np.testing.assert_array_equal(shifted.incidence, curve.incidence)


def test_variance_of_many_rows_is_that_of_a_proportion():
    # No censoring: a proportion of 200,000 rows, so that rounding in the running sums would show.
    n_rows = 200_000
    duration = np.random.default_rng(2).permutation(n_rows).astype(float) // 100
    curve = aalen_johansen(duration, np.ones(n_rows, dtype=int), cluster=np.arange(n_rows))
    p = curve.incidence[:-1, 0]
    np.testing.assert_allclose(curve.std_error[:-1, 0], np.sqrt(p * (1 - p) / n_rows), rtol=1e-9)


class TestStrata:
    def test_each_stratum_is_its_own_curve(self):
        rows = data(10)
        band = pd.Categorical(np.where(np.arange(80) % 3 == 0, "short", "long"), ["short", "long"], ordered=True)
        curves = aalen_johansen(**rows, strata=band)
        assert curves.labels == ["short", "long"]
        own = {name: values[band == "long"] for name, values in rows.items()}
        np.testing.assert_array_equal(curves["long"].incidence, aalen_johansen(**own).incidence)
        table = curves.at([3, 9], event=2, interval="plain")
        assert table.index.names == ["stratum", "day"]
        assert table.loc[("long", 9.0), "estimate"] == curves["long"].at([9], event=2)["estimate"].iloc[0]
        assert curves.at_risk([0, 5]).loc["short"].tolist() == curves["short"].at_risk([0, 5]).tolist()
        frame = curves.to_frame()
        assert frame.columns.tolist() == [
            *("stratum", "day", "event", "estimate", "std_error", "lower", "upper"),
            *("n_at_risk", "n_events", "n_censored"),
        ]
        assert "<h4>short</h4>" in curves._repr_html_()
        for method, options in {"restricted_mean_time": (10,), "quantile": ([0.1, 0.2],), "median": ()}.items():
            table = getattr(curves, method)(*options)
            assert table.index.names[0] == "stratum"
            expected = getattr(curves["long"], method)(*options)
            pd.testing.assert_frame_equal(table.loc["long"], expected)
        assert len(curves.restricted_mean_time_lost([5, 10], 2)) == 4

    def test_bad_strata(self):
        with pytest.raises(ValueError, match="strata has 2 values"):
            kaplan_meier([1, 2, 3], [1, 0, 1], strata=["a", "b"])
        with pytest.raises(ValueError, match="strata: missing in 1 of 3 rows"):
            kaplan_meier([1, 2, 3], [1, 0, 1], strata=["a", None, "b"])
        with pytest.raises(ValueError, match="a stratum has no row"):
            kaplan_meier([1, 2, 3], [1, 0, 1], strata=["a", "b", "b"], sample_weight=[0, 1, 1])


class TestPastTheFollowUp:
    @pytest.mark.parametrize("curve_of", [kaplan_meier, nelson_aalen, aalen_johansen])
    def test_nothing_is_known_unless_the_curve_is_complete(self, curve_of):
        with pytest.warns(FollowUpWarning, match=r"^the curve was followed to day 4, .* up to 4$"):
            table = curve_of([3, 4, 4], [1, 0, 1]).at([3, 4, 5])
        assert table.notna().all(axis=1).tolist() == [True, True, False]
        assert curve_of([3, 4], [1, 1]).at([5]).notna().all(axis=None)  # no warning either

    def test_strata_are_spoken_of_together(self):
        strata = ["a", "a", "b", "b", "c"]
        curves = aalen_johansen([3, 4, 3, 9, 2], [1, 0, 1, 0, 1], strata=strata)
        with pytest.warns(FollowUpWarning, match=r"^2 of 3 curves were followed to day 4 to 9,") as caught:
            table = curves.at([4, 9, 10])
        assert len(caught) == 1
        assert table["estimate"].isna().tolist() == [False, True, True, False, False, True, False, False, False]


class TestAwkwardData:
    def test_no_event(self):
        curve = aalen_johansen([3, 4], [0, 0])
        assert curve.events == ()
        np.testing.assert_array_equal(curve.event_free, [1, 1])
        frame = curve.to_frame()
        assert frame["event"].tolist() == [0, 0] and frame["estimate"].tolist() == [1, 1]
        assert frame["n_at_risk"].tolist() == [2, 1] and frame["n_events"].tolist() == [0, 0]
        assert kaplan_meier([3, 4], [0, 0]).at([4]).loc[4.0].tolist() == [1, 0, 1, 1]
        assert nelson_aalen([3, 4], [0, 0]).at([4]).loc[4.0].tolist() == [0, 0, 0, 0]

    def test_one_row_and_everybody_on_one_day(self):
        for n_rows in (1, 4):
            curve = aalen_johansen(np.full(n_rows, 7), np.ones(n_rows, dtype=int))
            assert curve.at([6, 7])["estimate"].tolist() == [0, 1]
            assert curve.to_frame().notna().all(axis=None)

    def test_nobody_left_before_others_enter(self):
        with pytest.warns(UserWarning, match="the event-free probability is 0 ever after, although others enter later"):
            curve = aalen_johansen([2, 8, 9], [1, 2, 1], entry=[0, 5, 5], cluster=[0, 1, 1])
        np.testing.assert_array_equal(curve.event_free, [0, 0, 0])
        np.testing.assert_array_equal(curve.incidence[:, 0], [1, 1, 1])
        np.testing.assert_array_equal(curve.std_error, np.zeros((3, 2)))

    def test_errors_stay_where_nobody_is_left(self):
        # As R's survfit: the first to enter ends all, and rounding of later days must not come back.
        rng = np.random.default_rng(4)
        entry, event = np.append(0.0, rng.uniform(5, 20, 60)), np.append(1, rng.integers(0, 3, 60))
        duration = np.append(3.0, entry[1:] + rng.exponential(9, 60))
        with pytest.warns(UserWarning, match="although others enter later"):
            curve = aalen_johansen(duration, event, entry=entry)
        np.testing.assert_array_equal(curve.std_error, np.zeros_like(curve.std_error))

    def test_nobody_at_risk_for_a_while(self):
        # As R's survfit: the curve goes on from where it was.
        with pytest.warns(UserWarning, match="nobody was at risk for a while"):
            curve = kaplan_meier([1, 2, 8, 9], [1, 0, 1, 0], entry=[0, 0, 5, 5])
        np.testing.assert_allclose(curve.estimate, [0.5, 0.5, 0.25, 0.25])
        np.testing.assert_allclose(curve.std_error[2], 0.25 * np.sqrt(1 / 2 + 1 / 2))
        with pytest.warns(UserWarning, match="nobody was at risk for a while"):
            weighted = kaplan_meier([1, 2, 8, 9], [1, 0, 1, 0], entry=[0, 0, 5, 5], sample_weight=[0.1, 0.7, 0.3, 0.4])
        assert np.isfinite(weighted.std_error).all()
        # Somebody enters on the very day the last one leaves: no gap. Nor is there one before anybody has entered.
        kaplan_meier([2, 8, 9], [0, 1, 0], entry=[0, 2, 5])
        kaplan_meier([7, 8, 9], [0, 1, 0], entry=[5, 5, 5])

    def test_events_of_weight_0_are_no_events(self):
        curve = aalen_johansen([1, 2, 3], [1, 2, 1], sample_weight=[1, 0, 1])
        assert curve.events == (1,)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"duration": [1, np.nan, 2]}, "duration: missing or infinite in 1 of 3 rows"),
            ({"duration": [1, -1, 2]}, "duration: negative in 1 of 3 rows"),
            ({"event": [1, 0.5, 2]}, "whole number"),
            ({"entry": [0, 5, 0]}, "entry must be before duration"),
            ({"sample_weight": [0, 0, 0]}, "sample_weight is 0 in every row"),
            ({"sample_weight": [1, -1, 1]}, "sample_weight: missing, infinite or negative in 1"),
            ({"cluster": [1, 2]}, "cluster has shape"),
        ],
    )
    def test_refused(self, change, message):
        arguments = {"duration": [1, 2, 3], "event": [1, 0, 1], **change}
        with pytest.raises(ValueError, match=message):
            kaplan_meier(**arguments)

    def test_unknown_event_and_bad_times(self):
        curve = aalen_johansen([1, 2, 3], [1, 0, 1])
        with pytest.raises(ValueError, match="event 2 is not in the data"):
            curve.at([1], event=2)
        with pytest.raises(ValueError, match="times must be days"):
            curve.at([np.nan])

"""Aalen's variance of incidences, by name: that of R's cmprsk, and of the formula written out."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from secondplan.models import aalen_johansen

FOLDER = Path(__file__).parents[2] / "reference"
REFERENCE = json.loads((FOLDER / "aalen_variance.json").read_text())
MGUS2 = pd.read_csv(FOLDER / "data" / "mgus2.csv")
# R adds up in another order, and what nobody is left for loses digits.
ROUNDING = 1e-8


def assert_agrees(curve, case):
    known = np.array(REFERENCE["times"]) <= curve.times[-1]
    for event in (1, 2):
        found = curve.at(np.array(REFERENCE["times"])[known], event=event)
        expected = [
            np.array(REFERENCE[case][name][event - 1], dtype=object)[known] for name in ("estimate", "variance")
        ]
        np.testing.assert_allclose(found["estimate"], expected[0].astype(float), rtol=ROUNDING)
        np.testing.assert_allclose(found["std_error"] ** 2, expected[1].astype(float), rtol=ROUNDING)


def test_it_is_that_of_cuminc():
    assert_agrees(aalen_johansen(MGUS2["time"], MGUS2["event"], variance="aalen"), "all")
    few = MGUS2[::20]
    assert_agrees(aalen_johansen(few["time"], few["event"], variance="aalen"), "few")


def test_whole_weights_count_rows_and_strata_stand_alone():
    weight = np.arange(1, len(MGUS2) + 1) % 3
    assert_agrees(aalen_johansen(MGUS2["time"], MGUS2["event"], sample_weight=weight, variance="aalen"), "repeated")
    curves = aalen_johansen(MGUS2["time"], MGUS2["event"], strata=MGUS2["male"], variance="aalen")
    assert_agrees(curves[0], "women")
    assert_agrees(curves[1], "men")


def test_with_delayed_entry_it_is_the_sum_over_days():
    entry, duration = np.array([0, 0, 2, 4, 0, 1, 5, 0]), np.array([3, 5, 5, 6, 7, 7, 9, 9])
    event = np.array([1, 2, 1, 0, 1, 1, 2, 1])
    curve = aalen_johansen(duration, event, entry=entry, variance="aalen")
    days = np.unique(duration)
    at_risk = np.array([((entry < day) & (duration >= day)).sum() for day in days])
    n = {kind: np.array([((duration == day) & (event == kind)).sum() for day in days]) for kind in (1, 2)}
    after = np.cumprod(1 - (n[1] + n[2]) / at_risk)
    earlier = np.r_[1.0, after[:-1]]
    for kind in (1, 2):
        own, other = n[kind], n[3 - kind]
        rises = np.cumsum(earlier * own / at_risk)
        for last, day in enumerate(days):
            total = 0.0
            for j in range(last + 1):
                still = (rises[last] - rises[j]) / after[j] if after[j] > 0 else 0.0
                of_own = (1 - still) ** 2 * own[j] * (1 - max(own[j] - 1, 0) / max(at_risk[j] - 1, 1))
                of_other = still**2 * other[j] * (1 - max(other[j] - 1, 0) / max(at_risk[j] - 1, 1))
                total += (earlier[j] / at_risk[j]) ** 2 * (of_own + of_other)
            assert curve.at([day], event=kind)["std_error"].iloc[0] == pytest.approx(np.sqrt(total), rel=1e-9)


def test_only_the_errors_of_incidences_differ_and_the_delta_method_is_the_default():
    default, delta, aalen = (
        aalen_johansen(MGUS2["time"], MGUS2["event"], **options)
        for options in ({}, {"variance": "delta"}, {"variance": "aalen"})
    )
    np.testing.assert_array_equal(default.std_error, delta.std_error)
    np.testing.assert_array_equal(aalen.incidence, delta.incidence)
    np.testing.assert_array_equal(aalen.event_free_std_error, delta.event_free_std_error)
    assert 1e-4 < np.abs(aalen.std_error[10:-10] / delta.std_error[10:-10] - 1).max() < 0.05


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"variance": "greenwood"}, "variance must be one of delta, aalen, got 'greenwood'"),
        ({"variance": "aalen", "cluster": [1, 1, 2, 2]}, "with cluster use variance='delta'"),
        ({"variance": "aalen", "sample_weight": [1, 0.5, 1, 1]}, "weights that count rows, whole numbers; else use"),
    ],
)
def test_what_it_is_not_defined_for_is_refused(options, rule):
    with pytest.raises(ValueError, match=rule):
        aalen_johansen([2, 3, 3, 5], [1, 2, 0, 1], **options)

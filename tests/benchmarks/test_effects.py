"""Estimates are held to each store's truth, and a bias counts as one only beyond its Monte Carlo error."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parent.parent.parent


def test_biases_and_coverage_are_of_the_truth(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.effects import beyond, pooled, summary

    rows = [
        ("naive", 0.10, 0.01, 0.02, 0),
        ("naive", 0.10, 0.01, 0.04, 1),
        ("standardised", 0.03, 0.01, 0.02, 0),
        ("standardised", 0.05, 0.01, 0.04, 1),
        ("weighted", 0.025, 0.01, 0.02, 0),
        ("weighted", 0.025, 0.01, 0.04, 1),
    ]
    found = pd.DataFrame(rows, columns=["method", "estimate", "std_error", "truth", "store"])
    found = found.assign(level="up to 3 months", time=365, control=0.0)
    table = summary(found).set_index("method")
    assert table["bias"].to_dict() == pytest.approx({"naive": 0.07, "standardised": 0.01, "weighted": -0.005})
    assert table.loc["naive", "bias_error"] == pytest.approx(0.01)
    # The truth of all stores is 0.03: a second store's 0.05 is two standard errors off.
    assert pooled(found).set_index("method")["covered"].to_dict() == {"naive": 0, "standardised": 0.5, "weighted": 1}
    # The weighted bias is larger than its bound, but so is its Monte Carlo error.
    assert [line.split(",")[0] for line in beyond(table.reset_index())] == ["- standardised"]


def test_what_chance_adds_has_mean_0_and_nearly_all_of_the_variance(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.effect_controls import DAYS_OF_A_YEAR, chance_by_row, mean_by_level

    rng, n, theta = np.random.default_rng(0), 40_000, 0.5
    log_risk = rng.normal(0, 0.5, n)
    second = 0.3 * np.exp(log_risk) * rng.gamma(1 / theta, theta, n)
    when = rng.exponential(1 / second), rng.exponential(1 / 0.2, n), rng.exponential(1 / 0.3, n)
    years = np.minimum.reduce(when)
    event = np.select([years == when[0], years == when[1]], [1, 2], 0)
    names = ["log_hazard_ratio_features", "authority_log_hazard", "care_log_hazard_ratio"]
    truth = SimpleNamespace(
        scenario=SimpleNamespace(
            log_hazard_ratios={},
            care_log_hazard_ratios={},
            second_plan_rate=0.3,
            second_plan_shape=1.0,
            care_rate=0.2,
            care_shape=1.0,
            frailty_variance=theta,
        ),
        frame=pd.DataFrame(dict(zip(names, (log_risk, 0.0, 0.0), strict=True), plan_id=np.arange(n))),
    )
    y = pd.DataFrame({"duration": years * DAYS_OF_A_YEAR, "event": event})
    cohort = SimpleNamespace(keys=truth.frame[["plan_id"]], y=y, eligible_days=pd.Series(np.full(n, 9_999.0)))
    chance = chance_by_row(cohort, truth, [365])[:, 0]
    assert abs(chance.mean()) < 3 * chance.std() / np.sqrt(n)
    # An outcome over its chance to be observed is the true risk and that, but for the part after leaving.
    stayed = (event == 1) & (y["duration"] <= 365)
    assert np.corrcoef(chance, np.where(stayed, np.exp(0.3 * years), 0.0))[0, 1] > 0.9
    band = pd.Series(pd.Categorical(np.where(log_risk > 0, "a", "b")))
    assert mean_by_level(chance[:, None], np.ones(n), band, [365])["a", 365] == pytest.approx(
        chance[band == "a"].mean()
    )

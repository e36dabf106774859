"""The scenarios reproduce the published figures: in the stored calibration at full size, and in data simulated here."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from secondplan.models.metrics import concordance_index
from secondplan.plans.cohort import build_cohort
from secondplan.synthetic import (
    calibration_table,
    compare_with_targets,
    moments,
    scenario,
    simulate,
    simulate_with_truth,
    targets,
)
from secondplan.synthetic.calibration_search.calibrate import FRESH_SEEDS, SIZES
from secondplan.synthetic.calibration_search.calibration_report import CALIBRATED, calibration_page
from secondplan.synthetic.calibration_search.moment_tables import simulated_tables

PAGE = Path(__file__).resolve().parents[2] / "data" / "synthetic" / "CALIBRATION.md"


@pytest.mark.parametrize("name", CALIBRATED)
def test_the_stored_calibration_is_of_these_targets_and_within_their_tolerances(name):
    table = calibration_table(name)
    wanted = pd.DataFrame([vars(target) for target in targets(name)])
    assert table["moment"].tolist() == wanted["moment"].tolist()
    for column in ("use", "source"):
        assert table[column].tolist() == wanted[column].tolist()
    np.testing.assert_allclose(table["target"], wanted["value"], rtol=1e-4)
    gap = (table["simulated"] - table["target"]).abs()
    within = gap < wanted["tolerance"] + 2 * table["error"] / np.sqrt(len(FRESH_SEEDS))
    assert within.all(), table.loc[~within, ["moment", "target", "simulated"]].to_dict("records")


@pytest.mark.parametrize("name", ["england-2025", "birmingham"])
def test_simulated_data_are_those_of_the_stored_calibration(name):
    """One simulation of 15,000 children, against the mean at full size and its Monte Carlo error at this size."""
    chosen = scenario(name)
    found = moments(simulated_tables(chosen, n_children=15_000, random_state=5), year_ending=chosen.extract_date.year)
    _assert_near(found, name, 15_000)


def test_the_default_data_are_those_of_the_stored_calibration(england):
    found = moments(england[0], year_ending=2018)
    # The spread between authorities depends on how many plans each of them has.
    _assert_near(found.drop(found.filter(regex="percentile|logit|ratio|log_").index), "england-2018", 50_000)


def _assert_near(found, name, n_children):
    table = calibration_table(name).set_index("moment").loc[lambda t: t.index.isin(found.dropna().index)]
    assert len(table) > 10
    simulated = table["simulated"]
    # The errors are of four simulations, so some are too small by chance: no share of the plans of a year, which are a
    # seventh of all or more, is surer than independent plans would make it, and a month has a twelfth of a year.
    parts = np.where(simulated.index.str.startswith("ended_within_3_months["), 12, 1)
    least = np.sqrt(simulated.clip(0.005, 0.995) * (1 - simulated.clip(0.005, 0.995)) * 3 * parts / n_children)
    error = np.maximum(table["error"] * np.sqrt(SIZES[name][1] / n_children), least)
    z = (found[table.index] - simulated) / error
    assert (z.abs() < 5).all(), z.round(1).to_dict()


@pytest.mark.parametrize("name", ["england-2025", "birmingham"])
def test_a_model_that_knows_the_truth_is_no_better_than_is_credible(name):
    _assert_credible(*simulate_with_truth(name, n_children=8000, random_state=11))


def test_a_model_that_knows_the_truth_of_the_default_data_is_no_better_than_is_credible(england):
    _assert_credible(*england)


def _assert_credible(plans, truth):
    cohort = build_cohort(plans)
    rows = truth.frame.set_index("plan_id").loc[cohort.keys["plan_id"]]
    for column in ("log_hazard_ratio", "log_hazard_ratio_features"):
        score = rows[column].to_numpy()
        known = ~np.isnan(score)
        assert 0.62 < concordance_index(cohort.y[known], score[known], horizon=730) < 0.72, column


def test_a_store_is_compared_with_the_figures_of_its_scenario():
    plans = simulate(n_children=2000, random_state=3)
    table = compare_with_targets(plans).set_index("moment")
    assert table.loc["second_share", "simulated"] == moments(plans, year_ending=2018)["second_share"]
    stored = calibration_table("england-2018").set_index("moment")
    assert table.loc["second_share", "error"] > 8 * stored.loc["second_share", "error"]
    assert compare_with_targets(simulate("birmingham-no-change", n_children=50)).empty


def test_birmingham_changes_its_practice_and_its_counterpart_does_not():
    change = moments(simulated_tables(scenario("birmingham"), n_children=30_000, random_state=6), year_ending=2018)
    same = moments(
        simulated_tables(scenario("birmingham-no-change"), n_children=30_000, random_state=6), year_ending=2018
    )
    november, year_later = "ended_within_3_months[2016-11]", "ended_within_3_months[2017-11]"
    # 30,000 children have about 480 endings a month: a standard error of 2.7 points with siblings, 3.8 of a difference.
    assert change[year_later] - change[november] > 0.08 - 2 * 0.038
    assert abs(same[year_later] - same[november]) < 3 * 0.038
    # A year's 7,800 plans started give the share a standard error of 0.7 points with siblings, 0.95 of a difference.
    assert change["second_share"] - change["second_share[2015]"] > 0.033 - 3 * 0.0095


def test_the_page_is_that_of_the_stored_calibration():
    assert PAGE.read_text(encoding="utf-8") == calibration_page()


def test_unknown_calibration_names_those_that_exist():
    with pytest.raises(ValueError, match="england-2018, england-2025, birmingham"):
        calibration_table("atlantis")

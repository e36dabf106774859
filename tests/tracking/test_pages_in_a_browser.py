"""What a person reads in MLflow's pages, in a real browser; and that nothing comes from elsewhere."""

import json
from urllib.parse import quote

import pytest

from secondplan.tracking import compare_runs, log_comparison, promote, register_model
from secondplan.tracking.saved_view import view_path

from .browser import Browser, why_no_browser

pytestmark = pytest.mark.skipif(bool(why_no_browser()), reason=why_no_browser())
NAME = "seen"
VERDICT = "CauseSpecificCox is better than the average risk beyond noise."


@pytest.fixture(scope="module")
def shown(store, cohort, fitted, make_comparison):
    """The experiment's id and the runs by their model's name; one is champion, the other another version."""
    log_comparison(
        make_comparison(),
        cohort,
        experiment="seen in a browser",
        description="Which model is best?",
        params={"validation": "family_folds", "seed": 7},
        fitted=fitted,
        pages={"report.html": "<h1>The whole report</h1>"},
        data_name="test data",
        store=store,
    )
    runs = compare_runs("seen in a browser", store=store).set_index("model")["run_id"].to_dict()
    promote(f"runs:/{runs['CauseSpecificCox']}/model", name=NAME, store=store)
    register_model(f"runs:/{runs['AalenJohansen']}/model", name=NAME, store=store)
    return store.experiment_id("seen in a browser"), runs


@pytest.fixture(scope="module")
def browser(tmp_path_factory, shown, server):
    opened = Browser(tmp_path_factory.mktemp("browser"))
    opened.address = f"http://127.0.0.1:{server}/"
    yield opened
    opened.close()


def test_the_list_shows_verdict_champion_and_columns_that_matter(browser, shown):
    address = browser.address + view_path(shown[0], charts=False)
    text = browser.read(
        address, VERDICT, "AalenJohansen", "models:/seen/1", "summary/difference_to_null_730", "-0.0099"
    )
    assert text.index("CauseSpecificCox\n") < text.index("AalenJohansen\n"), "the lowest Brier score comes first"
    assert "Latest comparison" in text
    assert "2 matching runs" in text


def test_the_charts_are_those_that_tell_models_apart(browser, shown):
    address = browser.address + view_path(shown[0], charts=True)
    text = browser.read(address, "summary/ipa_percent_730", "5.00", "summary/difference_to_null_730_upper")
    order = ["Brier score below the average risk's?", "summary/ipa_percent_730", "Ranking; calibration", "By day"]
    assert sorted(order, key=text.index) == order


def test_a_run_says_what_was_found(browser, shown):
    experiment, runs = shown
    run = f"{browser.address}#/experiments/{experiment}/runs/{runs['CauseSpecificCox']}"
    text = browser.read(run, "summary/calibration_slope_730", "class", "Registered models", NAME)
    assert "Champion: models:/seen/1" in text
    assert "Better than the average risk beyond noise. Place 2 of 2 by the Brier score. Passes the" in text
    assert "Brier score less the average risk's -0.01000 (-0.01500 to -0.00500)" in text
    assert "not used" not in text


def test_the_comparison_says_what_was_found_and_holds_the_report(browser, shown, store):
    experiment, runs = shown
    parent = store.client.get_run(runs["AalenJohansen"]).data.tags["mlflow.parentRunId"]
    run = f"{browser.address}#/experiments/{experiment}/runs/{parent}"
    text = browser.read(run, VERDICT, "Data: test data: 120 children, 240 second plans.", "seed")
    assert "-0.01000 (-0.01500 to -0.00500)" in text
    browser.read(f"{run}/artifacts/report.html", "report.html", "tables")


def test_runs_are_compared_side_by_side(browser, shown):
    experiment, runs = shown
    asked = f"runs={quote(json.dumps(list(runs.values())))}&experiments={quote(json.dumps([experiment]))}"
    text = browser.read(f"{browser.address}#/compare-runs?{asked}", "AalenJohansen", "summary/ipa_percent_730", "efron")
    assert "CauseSpecificCox" in text
    assert "Comparing 2 Runs" in text


def test_the_registry_shows_the_champion(browser, shown):
    text = browser.read(f"{browser.address}#/models/{NAME}", "Version 2", "@ champion", ": CauseSpecificCox")
    assert "Champion: version 1, CauseSpecificCox." in text
    text = browser.read(f"{browser.address}#/models/{NAME}/versions/1", "@ champion", "Champion: models:/seen/1")
    assert "CauseSpecificCox. Better than the average risk beyond noise." in text
    assert NAME in browser.read(f"{browser.address}#/models", NAME, "Version 2")


def test_logged_models_carry_their_names(browser, shown):
    text = browser.read(f"{browser.address}#/experiments/{shown[0]}/models", "Model name", "AalenJohansen")
    assert text.count("CauseSpecificCox") >= 2  # the model and its run


def test_a_page_cannot_change_what_it_shows(browser, shown):
    browser.read(browser.address, "Experiments")
    body = json.dumps({"run_id": shown[1]["AalenJohansen"], "key": "secondplan.gates", "value": "passed"})
    script = (
        "fetch('/ajax-api/2.0/mlflow/runs/set-tag', {method: 'POST', headers: {'Content-Type': 'application/json'}, "
        f"body: {json.dumps(body)}}}).then(async answer => answer.status + ' ' + (await answer.json()).message)"
    )
    assert browser.run(script).startswith("403 these pages are read-only")


def test_nothing_was_loaded_from_outside(browser):
    """The last of this file: of all pages above."""
    assert len(browser.requests) > 20
    assert browser.hosts() == {"127.0.0.1"}

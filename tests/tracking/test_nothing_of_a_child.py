"""The main job on synthetic children, and then a hunt for every child in everything that was written but the scores."""

import pandas as pd
import pytest

from secondplan.evaluation import FamilyKFold, compare_models
from secondplan.models import CauseSpecificCox, FeatureEncoder
from secondplan.plans import build_cohort
from secondplan.scoring import score_batch
from secondplan.synthetic import simulate
from secondplan.tracking import load_tracked_model, log_comparison

FEATURES = ["plan_length_days", "age_at_end", "n_reviews"]
NAME = "cause-specific Cox, few features"


@pytest.fixture(scope="module")
def plans():
    return simulate("england-2018", n_children=2000, random_state=11)


@pytest.fixture(scope="module")
def written(plans, store, tmp_path_factory):
    """The bytes of every file of the store, and of the log of a scoring run, by name."""
    folder = tmp_path_factory.mktemp("scored")
    cohort = build_cohort(plans)
    encoder = FeatureEncoder(
        columns=FEATURES, numeric_missing="median", categorical_missing="level", unseen="reference"
    )
    models = {NAME: CauseSpecificCox(known_end_event=4, encoder=encoder)}
    comparison = compare_models(models, cohort, folds=FamilyKFold(n_splits=2))
    fitted = {NAME: comparison.models[NAME].fit(cohort.X, cohort.y, cluster=cohort.cluster)}
    tables = {f"{NAME}/coefficients": fitted[NAME].summary_.reset_index()}
    log_comparison(comparison, cohort, experiment="hunt", fitted=fitted, tables=tables, store=store)
    run = store.client.search_runs([store.experiment_id("hunt")], "tags.`secondplan.kind` = 'model'")
    own = next(found.info.run_id for found in run if found.info.run_name == NAME)
    plans.write(folder / "plans")
    score_batch(load_tracked_model(f"runs:/{own}/model", store=store), folder / "plans", folder / "out")
    files = [*store.database.parent.rglob("*"), folder / "out/log.jsonl", folder / "out/manifest.json"]
    return {str(path): path.read_bytes() for path in files if path.is_file()}


def test_every_kind_of_file_was_searched(written):
    names = " ".join(written)
    for kind in ("mlflow.db", "bundle.json", "arrays.npz", "calibration.csv", "flow.csv", "MLmodel", "log.jsonl"):
        assert kind in names


@pytest.mark.parametrize("table", ["children", "plans", "reviews", "involvements"])
def test_no_identifier_is_found(plans, written, table):
    frame = plans.tables[table]
    needles = {
        str(value).encode()
        for name in ("child_id", "family_id", "plan_id", "worker_id")
        if name in frame.columns
        for value in frame[name].dropna()
    }
    needles = {needle for needle in needles if len(needle) >= 6}
    assert needles
    for name, content in written.items():
        found = [needle for needle in needles if needle in content]
        assert not found, f"{len(found)} identifiers in {name}"


def test_no_birth_date_is_found(plans, written):
    births = pd.concat([plans.children["date_of_birth"], plans.children["expected_date_of_birth"]]).dropna()
    # The window of the data may be told, and a child may be born on its last day.
    births = births[~births.isin(pd.concat([plans.extract["first_date"], plans.extract["extract_date"]]))].unique()
    needles = {f"{pd.Timestamp(day):{pattern}}".encode() for day in births for pattern in ("%Y-%m-%d", "%d/%m/%Y")}
    assert len(needles) > 500
    for name, content in written.items():
        assert not [needle for needle in needles if needle in content], name

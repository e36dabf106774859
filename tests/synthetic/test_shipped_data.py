import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from secondplan.plans.cohort import build_cohort
from secondplan.plans.readers.cin_census.reader import read_cin_census
from secondplan.plans.store import read_plans
from secondplan.synthetic import Scenario, scenario

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "synthetic"


@pytest.fixture(scope="module")
def make():
    spec = importlib.util.spec_from_file_location("make_synthetic_data", SHIPPED / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_shipped_files_are_what_the_command_makes(make, tmp_path):
    make.make(tmp_path)
    assert make.differences(SHIPPED, tmp_path) == []


def test_the_check_sees_a_changed_file(make, tmp_path):
    here, again = tmp_path / "here", tmp_path / "again"
    shutil.copytree(SHIPPED, here)
    shutil.copytree(SHIPPED, again)
    (here / "DATA_DICTIONARY.md").write_text("changed", encoding="utf-8")
    assert make.differences(here, again) == ["DATA_DICTIONARY.md: not the recorded bytes"]


def test_it_is_small(make):
    assert sum(path.stat().st_size for path in make.made_files(SHIPPED)) < 3_000_000


def test_the_store_carries_its_true_parameters():
    plans = read_plans(SHIPPED / "store")
    assert Scenario.from_dict(plans.metadata["scenario"]) == scenario("england-2018")
    described = json.loads((SHIPPED / "store" / "datapackage.json").read_text(encoding="utf-8"))
    assert described["metadata"]["synthetic"] is True


def test_it_makes_a_cohort_with_events():
    cohort = build_cohort(read_plans(SHIPPED / "store"))
    assert len(cohort) > 3000
    assert (cohort.y["event"] == 1).sum() > 200
    assert cohort.missing_features == ()


def test_the_shipped_census_files_hold_plans_of_the_store():
    read, report = read_cin_census(SHIPPED / "cin_census")
    known = set(read_plans(SHIPPED / "store").plans["plan_id"])
    assert len(read.plans) > 50 and set(read.plans["plan_id"]) <= known
    assert report.counts[["rejected", "repaired"]].to_numpy().sum() == 0


def test_the_dictionary_names_every_column_and_parameter():
    text = (SHIPPED / "DATA_DICTIONARY.md").read_text(encoding="utf-8")
    plans = read_plans(SHIPPED / "store")
    for frame in plans.tables.values():
        assert all(f"| {name} |" in text for name in frame.columns)
    assert all(f"| {name} |" in text for name in scenario().provenance)

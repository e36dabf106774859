"""What is written as plain tables comes back whole: every table, every value, the same cohort."""

import pandas as pd
import pytest

from secondplan.plans import build_cohort, read_tables
from secondplan.plans.schema import PRIMARY_KEYS, column_names
from secondplan.synthetic import scenario, simulate, write_tables


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_every_table_comes_back(form, tmp_path):
    plans = simulate(scenario("england-2018"), n_children=150, random_state=5)
    column_map = write_tables(plans, tmp_path / "tables", form=form)
    found, report = read_tables(tmp_path / "tables", column_map)
    for name, frame in plans.tables.items():
        if name == "extract":
            continue
        columns = column_names(name)
        keys = list(PRIMARY_KEYS.get(name, columns))
        expected, got = frame, found.tables[name]
        if name == "care_episodes":
            # Each period is one row already.
            keys = ["la_code", "child_id", "start_date"]
        pd.testing.assert_frame_equal(
            got.sort_values(keys, ignore_index=True), expected.sort_values(keys, ignore_index=True), obj=name
        )
    assert found.extract[["la_code", "first_date", "extract_date"]].equals(
        plans.extract[["la_code", "first_date", "extract_date"]]
    )
    assert not set(report.findings["action"]) & {"repaired", "merged", "rejected"}
    assert build_cohort(found).y.equals(build_cohort(plans).y)

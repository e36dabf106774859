import numpy as np
import pandas as pd
import pytest

from secondplan.synthetic import ValueFaults, simulate
from secondplan.synthetic.value_faults import FAULTY

MISSING, WRONG = 0.04, 0.02


@pytest.fixture(scope="module")
def clean():
    return simulate(n_children=3000, random_state=5)


@pytest.fixture(scope="module")
def faulty():
    return simulate(n_children=3000, random_state=5, faults=ValueFaults(missing=MISSING, wrong=WRONG))


def test_nothing_else_changes(clean, faulty):
    for name in ("frame", "features", "counterfactuals", "sums"):
        pd.testing.assert_frame_equal(getattr(faulty.truth, name), getattr(clean.truth, name))
    assert len(clean.truth.faults) == 0
    assert "faults" not in clean.metadata
    assert faulty.metadata["faults"] == {"missing": MISSING, "wrong": WRONG}
    for table, frame in clean.tables.items():
        kept = [column for column in frame if column not in FAULTY.get(table, ())]
        pd.testing.assert_frame_equal(faulty.tables[table][kept], frame[kept])


def test_every_difference_is_recorded_and_every_record_is_a_difference(clean, faulty):
    def text(column):
        return (column.dt.strftime("%Y-%m-%d") if column.dtype.kind == "M" else column).astype("string")

    record = faulty.truth.faults.set_index(["table", "column"]).sort_index()
    for table, columns in FAULTY.items():
        for column in columns:
            before, after = text(clean.tables[table][column]), text(faulty.tables[table][column])
            changed = np.flatnonzero((before.fillna("") != after.fillna("")).to_numpy())
            rows = record.loc[(table, column)].sort_values("row")
            assert (rows["row"] - 1).tolist() == changed.tolist()
            assert rows["true_value"].tolist() == before.iloc[changed].tolist()
            assert rows["stored_value"].fillna("").tolist() == after.iloc[changed].fillna("").tolist()
            assert (rows["stored_value"].isna() == (rows["fault"] == "missing")).all()


def test_rates_are_those_stated(clean, faulty):
    for fault, rate in (("missing", MISSING), ("wrong", WRONG)):
        found = faulty.truth.faults[faulty.truth.faults["fault"] == fault]
        counts = found.groupby(["table", "column"]).size()
        n = pd.Series({(t, c): clean.tables[t][c].notna().sum() for t, columns in FAULTY.items() for c in columns})
        z = (counts.reindex(n.index, fill_value=0) - rate * n) / np.sqrt(rate * (1 - rate) * n)
        # 20 columns: one beyond 3.7 is expected once in 230 seeds.
        assert np.abs(z).max() < 3.7


def test_no_date_is_after_the_extract(faulty):
    last = faulty.extract["extract_date"].max()
    wrong = faulty.truth.faults[faulty.truth.faults["fault"] == "wrong"]
    dates = pd.to_datetime(wrong.loc[wrong["column"].str.endswith("_date"), "stored_value"])
    assert len(dates) > 50
    assert (dates <= last).all()


@pytest.mark.parametrize("rates", [{"missing": -0.1}, {"wrong": 1.1}, {"missing": 0.6, "wrong": 0.5}])
def test_refuses_what_are_no_shares(rates):
    with pytest.raises(ValueError, match="at most"):
        ValueFaults(**rates)

import csv
import io

import pandas as pd
import pytest

from secondplan.scoring import score_batch
from secondplan.scoring.sinks.spreadsheet import FORMULA_STARTS, guarded, guarded_frame


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_formulas_are_guarded_in_cells_and_headers(start):
    frame = pd.DataFrame(
        {f"{start}name": pd.Series([f"{start}1+1", "plain", pd.NA], dtype="string"), "risk": [-0.5] * 3}
    )
    safe = guarded_frame(frame)
    assert list(safe.columns) == [f"'{start}name", "risk"]
    assert safe.iloc[:2, 0].tolist() == [f"'{start}1+1", "plain"]
    assert safe.iloc[2, 0] is pd.NA
    assert safe["risk"].tolist() == [-0.5] * 3
    assert guarded("plain") == "plain"


def test_no_cell_of_the_output_begins_a_formula(model, cases, tmp_path):
    hostile = cases.assign(child_id=[f"{FORMULA_STARTS[i % 11]}cmd|' /C calc'!A{i}" for i in range(len(cases))])
    hostile.loc[0, "n_reviews"] = -1
    hostile.to_parquet(tmp_path / "cases.parquet")
    score_batch(model, tmp_path / "cases.parquet", tmp_path / "out", formats=["csv"])
    for name in ("scores.csv", "rejects.csv"):
        rows = list(csv.reader(io.StringIO((tmp_path / "out" / name).read_bytes().decode(), newline="")))
        assert len(rows) > 1
        assert not [cell for row in rows for cell in row if cell.startswith(FORMULA_STARTS)]
    exact = pd.read_parquet(tmp_path / "out/scores/part-00000.parquet")["child_id"]
    assert exact.tolist() == hostile["child_id"].tolist()[1:]

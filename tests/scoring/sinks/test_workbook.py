"""Scores as Excel."""

import openpyxl
import pytest

from secondplan.errors import InputError, OutputError
from secondplan.scoring import score, score_batch
from secondplan.scoring.sinks import workbook
from secondplan.scoring.sinks.spreadsheet import FORMULA_STARTS


def sheets(path):
    book = openpyxl.load_workbook(path)
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book}


def test_a_workbook_holds_scores_and_rejects_without_formulas(model, cases, tmp_path):
    hostile = cases.iloc[:12].assign(child_id=[f"{FORMULA_STARTS[i % 11]}cmd|' /C calc'!A{i}" for i in range(12)])
    hostile.loc[3, "plan_id"] = "a\x01b"
    hostile.loc[0, "n_reviews"] = -1
    hostile.to_parquet(tmp_path / "cases.parquet")
    for name in ("a", "b"):
        score_batch(model, tmp_path / "cases.parquet", tmp_path / name, formats=["xlsx"], rows_per_part=5)
    assert (tmp_path / "a/scores.xlsx").read_bytes() == (tmp_path / "b/scores.xlsx").read_bytes()
    book = openpyxl.load_workbook(tmp_path / "a/scores.xlsx")
    assert not [cell for sheet in book for row in sheet for cell in row if cell.data_type == "f"]
    made = sheets(tmp_path / "a/scores.xlsx")
    assert len(made["scores"]) == 12 and made["rejects"][1][3:] == ["out_of_range", "n_reviews"]
    assert all(row[0].startswith("'") for row in made["scores"][1:])
    place = made["scores"][0].index("risk_730")
    expected = score(model, hostile.iloc[1:])["risk_730"]
    assert [row[place] for row in made["scores"][1:]] == pytest.approx(expected.tolist(), rel=1e-14)


def test_more_rows_than_a_sheet_has_are_refused_before_anything_is_published(model, cases, tmp_path, monkeypatch):
    cases.to_parquet(tmp_path / "cases.parquet")
    monkeypatch.setattr(workbook, "MOST_ROWS", len(cases))
    with pytest.raises(OutputError, match="60 rows are more than a sheet of Excel holds"):
        score_batch(model, tmp_path / "cases.parquet", tmp_path / "out", formats=["xlsx"])
    assert not (tmp_path / "out/manifest.json").exists() and not list((tmp_path / "out").glob("*.xlsx"))


def test_an_unknown_format_is_refused(model, cases, tmp_path):
    with pytest.raises(InputError, match=r"format must be csv or xlsx"):
        score_batch(model, tmp_path / "cases.parquet", tmp_path / "out", formats=["ods"])

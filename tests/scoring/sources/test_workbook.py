"""Cases in Excel."""

import datetime as dt

import openpyxl
import pytest

from secondplan.errors import InputError
from secondplan.scoring.columns import text_of
from secondplan.scoring.sources.opening import open_source

HEADER = ["child_id", "plan_id", "n_reviews", "flag"]


def written(path, rows, header=HEADER, before=()):
    book = openpyxl.Workbook()
    book.active.title = "Read me"
    for row in before:
        book.active.append(row)
    sheet = book.create_sheet("Cases")
    for row in [header, *rows]:
        sheet.append(row)
    book.save(path)
    return path


def read(path, rows_per_chunk=100):
    return list(open_source(path, ["n_reviews", "flag"]).chunks(rows_per_chunk))


def cells(chunks, name):
    return [value for chunk in chunks for value in text_of(chunk.cases.columns[name], name).to_pylist()]


def test_cells_of_each_type_come_as_text_in_chunks(tmp_path):
    rows = [[7, "p1", 3, True], ["008", "p2", 2.5, None], [None] * 4, [9, "p3", dt.date(2018, 3, 31), "x"]]
    chunks = read(written(tmp_path / "c.xlsx", rows, before=[["How to read this"]]), 2)
    assert [chunk.row.tolist() for chunk in chunks] == [[1, 2], [3]]
    assert cells(chunks, "child_id") == ["7", "008", "9"]
    assert cells(chunks, "n_reviews") == ["3", "2.5", "2018-03-31"]
    assert cells(chunks, "flag") == ["true", None, "x"]


def test_a_formula_without_value_an_error_and_a_cell_too_many_lose_their_row_only(tmp_path):
    rows = [["a", "p", 1, "x"], ["b", "p", "=1+1", "x"], ["c", "p", "#N/A", "x"], ["d", "p", 1, "x", "more"]]
    rows += [["e", "=A1", 1, "x"], ["f", "p", 1, "x"]]
    (chunk,) = read(written(tmp_path / "c.xlsx", rows))
    assert chunk.row.tolist() == [1, 6] and chunk.n_read == 6
    assert chunk.unreadable == {
        **dict.fromkeys((2, 3, 5), "cell_without_value"),
        4: "wrong_number_of_fields",
    }


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["child_id", "plan_id", "flag"], "lacks the column n_reviews"),
        ([*HEADER, "flag"], "same name"),
        (["child", "plan"], "lacks the columns? child_id"),
    ],
)
def test_columns_that_are_not_as_needed_are_said(tmp_path, header, message):
    with pytest.raises(InputError, match=message):
        read(written(tmp_path / "c.xlsx", [], header))


def test_what_is_no_workbook_is_said(tmp_path):
    (tmp_path / "c.xlsx").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(InputError, match=r"c\.xlsx: is damaged or no Excel workbook"):
        read(tmp_path / "c.xlsx")
    openpyxl.Workbook().save(tmp_path / "d.xlsx")
    with pytest.raises(InputError, match="is empty"):
        read(tmp_path / "d.xlsx")
